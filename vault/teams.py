"""Teams as a question sees them: what traces name, what rules of the project add, and the one that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from soma.config import TeamRule
from soma.globs import any_of

if TYPE_CHECKING:
    import duckdb

_UNNAMED = "SELECT DISTINCT agent_id, operator_id FROM executions WHERE team_id IS NULL ORDER BY ALL"
_NAME = """
    UPDATE executions SET team_id = ?
    WHERE team_id IS NULL AND agent_id = ? AND operator_id IS NOT DISTINCT FROM ?"""


def place_teams(connection: duckdb.DuckDBPyConnection, rules: Sequence[TeamRule], team: str | None) -> None:
    """Name teams by rule, then leave only the executions of ``team`` visible, and with them their decisions.

    Args:
        connection: Holds the tables of ``views.sql``.
        rules: The first that matches decides; a team that a trace names stands.
        team: ``None`` leaves all.
    """
    if rules:
        for agent, operator in connection.execute(_UNNAMED).fetchall():
            named = team_of(rules, agent, operator)
            if named is not None:
                connection.execute(_NAME, [named, agent, operator])
    if team is not None:
        connection.execute("DELETE FROM executions WHERE team_id IS DISTINCT FROM ?", [team])
        connection.execute("DELETE FROM visible WHERE execution_id NOT IN (SELECT execution_id FROM executions)")


def team_of(rules: Sequence[TeamRule], agent: str, operator: str | None) -> str | None:
    """The team a rule gives to runs of this agent under this operator, if one does."""
    for rule in rules:
        if any_of(rule.agents, agent) or (operator is not None and any_of(rule.operators, operator)):
            return rule.team
    return None
