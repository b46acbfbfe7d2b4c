"""Agents and teams by name, and what to suggest when a name is not known."""

from __future__ import annotations

from collections.abc import Iterable

from soma.errors import NothingFound

from .inputs import Queryable
from .wording import plain

_NEAR = 60
_SUGGESTED = 3


def agent_names(vault: Queryable) -> list[str]:
    """Every agent of the vault, in order."""
    table = vault.sql("SELECT DISTINCT agent_id FROM executions ORDER BY agent_id NULLS LAST")
    names: list[str] = table["agent_id"].to_pylist()
    return names


def require_known(name: str, known: Iterable[str]) -> None:
    """Refuse a name that is none of ``known``.

    Raises:
        NothingFound: with the nearest names as a hint.
    """
    _require(name, known, "an agent", "soma status lists the agents")


def team_names(vault: Queryable) -> list[str]:
    """Every team of the vault, in order."""
    table = vault.sql("SELECT DISTINCT team_id FROM executions WHERE team_id IS NOT NULL ORDER BY team_id NULLS LAST")
    names: list[str] = table["team_id"].to_pylist()
    return names


def require_team(name: str, known: Iterable[str]) -> None:
    """Refuse a team that is none of ``known``.

    Raises:
        NothingFound: with the nearest names as a hint.
    """
    _require(name, known, "a team", "teams come from traces, or from [[teams]] in soma.toml; soma operators lists them")


def _require(name: str, known: Iterable[str], what: str, otherwise: str) -> None:
    from rapidfuzz import process, utils

    names = sorted(known)
    if name in names:
        return
    near = process.extract(name, names, processor=utils.default_process, limit=_SUGGESTED, score_cutoff=_NEAR)
    words = " or ".join(plain(choice, 60) for choice, *_ in near)
    hint = f"did you mean {words}?" if words else otherwise
    raise NothingFound(f"the vault holds no run of {what} {plain(name, 60)!r}", hint=hint)
