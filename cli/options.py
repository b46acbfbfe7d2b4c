"""Options several commands share, each defined once, and what they resolve to."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from soma.config import Config, load
from soma.synthesizer import commands
from soma.synthesizer.agents import require_team, team_names
from soma.vault import Snapshot, VaultRoot

_F = TypeVar("_F", bound=Callable[..., Any])


def vault_option(function: _F) -> _F:
    """``--vault``."""
    told = "The vault (default: .soma here, or what soma.toml says)."
    return click.option("--vault", metavar="DIR|s3://…", help=told)(function)


def json_option(function: _F) -> _F:
    """``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")(function)


def team_option(function: _F) -> _F:
    """``--team``."""
    told = "Only runs of this team, as their traces or the [[teams]] of soma.toml name it."
    return click.option("--team", metavar="TEAM", help=told)(function)


def config(**flags: Any) -> Config:
    """The settings in force, given this command's flags."""
    return load(Path.cwd(), os.environ, flags)


def open_vault(vault: str | None) -> VaultRoot:
    """The vault a command works on; the commands it suggests name it when the person did."""
    commands.name_vault(vault)
    return VaultRoot(config(vault=vault).settings.vault)


def open_snapshot(vault: str | None, team: str | None = None) -> Snapshot:
    """The vault a command answers from, pinned, with the project's rules about tasks and teams; of one team if named.

    Raises:
        VaultMissing: if there is none.
        NothingFound: if it holds no run of that team.
    """
    commands.name_vault(vault)
    settings = config(vault=vault).settings
    snapshot = VaultRoot(settings.vault).snapshot(settings.tasks, settings.teams)
    if team is None:
        return snapshot
    require_team(team, team_names(snapshot))
    return snapshot.of_team(team)
