"""Teams as a question sees them: what traces name, what rules of the project add, and the one that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from soma.config import TeamRule
from soma.globs import any_of

if TYPE_CHECKING:
    import duckdb

    from .views import Views

_UNNAMED = "SELECT DISTINCT agent_id, operator_id FROM executions_of_all WHERE team_id IS NULL ORDER BY 1, 2"
_NAMES = "CREATE TEMP TABLE named_teams (agent_id VARCHAR, operator_id VARCHAR, team_id VARCHAR)"
_ASKED = "CREATE TEMP TABLE asked_team (team_id VARCHAR)"
_NAMED = """
    CREATE VIEW executions_named AS
    SELECT e.* REPLACE (coalesce(e.team_id, n.team_id) AS team_id)
    FROM executions_of_all AS e
    LEFT JOIN named_teams AS n ON n.agent_id = e.agent_id AND n.operator_id IS NOT DISTINCT FROM e.operator_id"""
_SHOWN = "CREATE VIEW executions AS SELECT e.* FROM executions_named AS e"
# The same as visible of views.sql where no team is asked for, without going through all that executions show.
_NONE_HIDDEN = """
    CREATE VIEW visible AS
    SELECT s.execution_id, s.reading
    FROM executions_stored AS s
    ANTI JOIN superseded AS u ON u.execution_id = s.execution_id"""
_OF_ONE = " SEMI JOIN asked_team AS a ON a.team_id = e.team_id"


def place_teams(
    connection: duckdb.DuckDBPyConnection, views: Views, rules: Sequence[TeamRule], team: str | None
) -> None:
    """Name teams by rule, then leave only the executions of ``team`` visible, and with them their decisions.

    Args:
        connection: What holds the views.
        views: Of the vault, none of them made yet.
        rules: The first that matches decides; a team that a trace names stands.
        team: ``None`` leaves all.
    """
    if team is None:
        views.define("visible", _NONE_HIDDEN)
    if not rules and team is None:
        return
    connection.execute(_NAMES)
    if rules:
        views.make(["executions_of_all"])
    for agent, operator in connection.execute(_UNNAMED).fetchall() if rules else ():
        named = team_of(rules, agent, operator)
        if named is not None:
            connection.execute("INSERT INTO named_teams VALUES (?, ?, ?)", [agent, operator, named])
    views.define("executions_named", _NAMED)
    if team is not None:
        connection.execute(_ASKED)
        connection.execute("INSERT INTO asked_team VALUES (?)", [team])
    views.define("executions", _SHOWN if team is None else _SHOWN + _OF_ONE)


def team_of(rules: Sequence[TeamRule], agent: str, operator: str | None) -> str | None:
    """The team a rule gives to runs of this agent under this operator, if one does."""
    for rule in rules:
        if any_of(rule.agents, agent) or (operator is not None and any_of(rule.operators, operator)):
            return rule.team
    return None
