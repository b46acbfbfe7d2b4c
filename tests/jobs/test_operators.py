"""Operators, sessions over instances, teams from traces and rules, and what several operators do to a confidence."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soma.config import TeamRule
from soma.harvester.harvest import Options, harvest
from soma.model import Execution
from soma.synthesizer.jobs import divergence, health, insights, operators
from soma.synthesizer.jobs.insights.confidence import among_operators
from soma.synthesizer.jobs.insights.model import DAY
from soma.synthesizer.jobs.operators.explain import render
from soma.synthesizer.synthesize import synthesize
from soma.vault import VaultRoot

from .lake import Lake, chain, execution
from .whole import HOSTILE, harmless, said, shown

HOUR = 3_600_000_000
NOW = 20_000 * DAY


def test_sessions_of_one_operator_are_seen_over_all_instances() -> None:
    def run(name: str, session: str, instance: str | None, begin: int, end: int, **more: Any) -> Execution:
        return execution(name, "a", session_id=session, instance_id=instance, operator_id="ann", team_id="t",
                         started_at=begin * HOUR, ended_at=end * HOUR, **more)  # fmt: skip

    lake = Lake(
        [
            run("1", "s1", "laptop", 0, 4, success=True),
            run("2", "s2", "server", 1, 2, success=False),
            run("3", "s3", "laptop", 1, 2),
            run("4", "s1", "server", 5, 6),
            run("5", "s4", None, 5, 6),
            execution("6", "b"),
        ]
    )
    found = operators.run(lake)
    (ann,) = found.operators
    assert (ann.executions, ann.sessions_total, ann.instances, ann.moved) == (5, 4, ("laptop", "server"), 1)
    by_id = {session.session_id: session for session in ann.sessions}
    # s1 ran at both places, so nothing there was elsewhere; s2 and s3 were.
    assert by_id["s2"].beside == ("s3",) and by_id["s3"].beside == ("s2",) and by_id["s1"].beside == ()
    assert (found.unnamed, found.teamless, [team.team_id for team in found.teams]) == (1, 1, ["t"])
    assert ann.success is not None and (ann.success.successes, ann.success.total) == (1, 2)
    assert "carried on at another instance" in said(shown(render(found)))


def test_names_from_traces_do_not_steer_the_screen() -> None:
    lake = Lake([execution("1", HOSTILE, operator_id=HOSTILE, team_id=HOSTILE, session_id=HOSTILE)])
    assert harmless(shown(render(operators.run(lake))))


@pytest.fixture(scope="module")
def root(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> VaultRoot:
    place = tmp_path_factory.mktemp("teams")
    for agent in ("gpt-4", "starchat", "gpt-3.5"):
        if (fixtures / "generic" / "intercode" / agent).is_dir():
            shutil.copytree(fixtures / "generic" / "intercode" / agent, place / "traces" / agent)
    shutil.copytree(fixtures / "langfuse", place / "traces" / "langfuse")
    root = VaultRoot(place / "vault")
    harvest([str(place / "traces")], root, Options(jobs=1))
    return root


RULES = [TeamRule(team="red", agents=["gpt-*"]), TeamRule(team="blue", agents=["*"])]


def test_a_rule_names_teams_and_one_filter_narrows_every_answer(root: VaultRoot) -> None:
    whole = root.snapshot((), RULES)
    red = whole.of_team("red")
    agents = {agent.agent_id for agent in health.run(red).agents}
    assert agents and all(agent.startswith("gpt-") for agent in agents)
    assert {agent.agent_id for agent in health.run(whole).agents} > agents
    assert all("starchat" not in pair.first.agent_id + pair.second.agent_id for pair in divergence.run(red).pairs)
    counted = red.sql("SELECT count(*) AS n FROM decisions WHERE NOT starts_with(agent_id, 'gpt-')")["n"][0].as_py()
    assert counted == 0
    assert red.decisions.collect().height < whole.decisions.collect().height
    # An answer kept of one is never given for another.
    assert len({whole.basis, red.basis, whole.of_team("blue").basis, root.snapshot().basis}) == 4


def test_a_team_that_a_trace_names_stands(tmp_path: Path, fixtures: Path) -> None:
    from soma.vault.teams import team_of

    assert team_of(RULES, "gpt-4", None) == "red"
    assert team_of(RULES, "starchat", None) == "blue"
    assert team_of([TeamRule(team="x", operators=["ann*"])], "starchat", None) is None
    assert team_of([TeamRule(team="x", operators=["ann*"])], "starchat", "anna") == "x"
    wrong: dict[str, Any]
    for wrong in ({"team": ""}, {"team": "x"}, {"team": " ", "agents": ["a"]}):
        with pytest.raises(ValueError):
            TeamRule(**wrong)


def test_a_team_has_findings_of_its_own_that_decay_in_fourteen_days(root: VaultRoot, tmp_path: Path) -> None:
    shutil.copytree(root.path, tmp_path / "vault")
    own = VaultRoot(tmp_path / "vault")
    synthesize(own, now=NOW, team_rules=RULES)
    found = {team: insights.known(own.snapshot(), team) for team in ("red", "blue")}
    assert found["red"] or found["blue"]
    for team, items in found.items():
        for item in items:
            assert item.insight_id.startswith("ctx-")
            assert item.decay_at == NOW + 14 * DAY
            assert all(agent.startswith("gpt-") == (team == "red") for agent in item.agents)
    proposals = insights.known(own.snapshot())
    assert not {item.insight_id for item in proposals} & {item.insight_id for items in found.values() for item in items}
    # The same night again changes nothing; two weeks without being found, they are in the archive.
    before = own.snapshot().version
    synthesize(own, now=NOW, team_rules=RULES)
    assert own.snapshot().version == before
    synthesize(own, now=NOW + 15 * DAY, team_rules=RULES)
    assert insights.known(own.snapshot(), "red") == insights.known(own.snapshot(), "blue") == []
    moved = own.snapshot().sql("SELECT DISTINCT decayed_from FROM decayed")["decayed_from"].to_pylist()
    assert moved == ["working"]


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 1000), st.integers(0, 1000))
def test_more_operators_never_lower_a_confidence_and_never_make_it_certain(
    one: float, other: float, few: int, many: int
) -> None:
    low, high = sorted((few, many))
    assert among_operators(one, 1) == one == among_operators(one, 0)
    assert one - 1e-6 <= among_operators(one, low) <= among_operators(one, high) + 1e-6 <= 1 + 1e-6
    assert among_operators(0.0, many) == 0.0
    assert among_operators(min(one, other), many) <= among_operators(max(one, other), many) + 1e-6
    assert among_operators(one, many) <= one + one * (1 - one) / 2 + 1e-6


def test_a_finding_seen_by_several_operators_is_surer() -> None:
    def world(operators_: int) -> insights.Finding:
        runs, calls = [], []
        for number in range(40):
            name = f"e{number:02}"
            runs.append(execution(name, "a", operator_id=f"op-{number % operators_}" if operators_ else None))
            calls += chain(name, ["exec:x"] * 4, "a", outcome="failed", arguments_digest="same", error="no such file")
        (finding,) = insights.of_type(insights.Ground(Lake(runs, calls)), "retries")
        return finding

    none, one, three = world(0), world(1), world(3)
    assert none.confidence == one.confidence < three.confidence < 1
    assert three.details["operators"] == "3"
    assert (three.estimate, three.low, three.high) == (one.estimate, one.low, one.high)
