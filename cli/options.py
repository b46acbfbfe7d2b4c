"""Options several commands share, each defined once, and what they resolve to."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from soma.config import LOCAL_ENGINE, Config, load
from soma.synthesizer import commands
from soma.synthesizer.agents import require_team, team_names
from soma.vault import Snapshot, VaultRoot
from soma.vault.memory import limit_memory

if TYPE_CHECKING:
    from soma.vault.snapshot import SqlEngine

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


def engine_option(function: _F) -> _F:
    """``--engine``."""
    told = "What does the work: local, or sc://HOST:PORT for Spark Connect (default: local, or what soma.toml says)."
    return click.option("--engine", metavar="ENGINE", help=told)(function)


def config(**flags: Any) -> Config:
    """The settings in force, given this command's flags."""
    found = load(Path.cwd(), os.environ, flags)
    limit_memory(found.settings.memory)
    return found


def open_vault(vault: str | None, engine: str | None = LOCAL_ENGINE) -> VaultRoot:
    """The vault a command works on; the commands it suggests name it when the person did.

    Args:
        vault: What the person named.
        engine: What answers the queries of its snapshots: what the person named, ``None`` for what the settings say.
    """
    commands.name_vault(vault)
    return VaultRoot(config(vault=vault).settings.vault, queries_of(engine))


def queries_of(engine: str | None) -> SqlEngine | None:
    """What answers the queries of the jobs until the command ends; ``None`` is DuckDB, here.

    Args:
        engine: What the person named; ``None`` for what the settings say.

    Raises:
        UsageError, EngineError: as ``soma.engine.session.opened``.
    """
    named = config(engine=engine).settings.engine
    if named == LOCAL_ENGINE:
        return None
    from soma.engine.queries import SparkQueries
    from soma.engine.session import opened

    session = click.get_current_context().with_resource(opened(named))
    return None if session is None else SparkQueries(session)


def open_snapshot(vault: str | None, team: str | None = None, engine: str | None = LOCAL_ENGINE) -> Snapshot:
    """The vault a command answers from, pinned, with the project's rules about tasks and teams; of one team if named.

    Args:
        vault: What the person named.
        team: What the person named.
        engine: What answers its queries: what the person named, ``None`` for what the settings say.

    Raises:
        VaultMissing: if there is none.
        NothingFound: if it holds no run of that team.
    """
    commands.name_vault(vault)
    settings = config(vault=vault).settings
    snapshot = VaultRoot(settings.vault, queries_of(engine)).snapshot(settings.tasks, settings.teams)
    if team is None:
        return snapshot
    require_team(team, team_names(snapshot))
    return snapshot.of_team(team)
