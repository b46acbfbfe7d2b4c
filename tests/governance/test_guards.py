"""Guards on real runs: verdicts, checks that are traces, and run-time kinds without the known defects."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from soma import Vault, codec
from soma.governance.guards import Guard, History, Trail, check, history_of, runtime_policies
from soma.governance.guards.kinds import ENOUGH, quantile, reasoning_loop, spawn_explosion, timeout
from soma.governance.policy import FAILED, Facts, Policy, Sequence, Step
from soma.model import NormalizedDecision

from .calls import call, policy, run

REPEAT = policy(Sequence(after=(Step(outcome=FAILED),), consecutive=True, same="call"), effect="error")
FACTS = Facts(agent_id="mailer")
NONE = History(agent_id="mailer", runs=0, spawns=(), repeats=(), durations_ms=())


def test_a_verdict_names_the_rule_and_what_makes_it_hold() -> None:
    before, again = run("read:a", "exec:node failed"), call(2, "exec:node")
    verdict = check([REPEAT], FACTS, before, again)
    assert not verdict.allowed and verdict.hits[0].evidence == ("x/1",)
    decision = verdict.decision
    assert (decision.kind, decision.action, decision.outcome) == ("guard", "guard:block", "skipped")
    (hit,) = codec.decode(str(decision.arguments))["hits"]
    assert (hit["policy"], hit["digest"], hit["evidence"]) == ("p", REPEAT.digest, ["x/1"])
    assert check([REPEAT], FACTS, before, call(2, "read:b")).decision.action == "guard:allow"


@pytest.mark.parametrize(
    ("more", "action", "allowed"),
    [({"effect": "warning"}, "guard:warn", True), ({"effect": "error", "mode": "shadow"}, "guard:shadow", True)],
)
def test_a_warning_and_a_shadow_let_the_call_pass(more: dict[str, str], action: str, allowed: bool) -> None:
    softer = msgspec.structs.replace(REPEAT, **more)
    verdict = check([softer], FACTS, run("exec:node failed"), call(1, "exec:node"))
    assert (verdict.decision.action, verdict.allowed) == (action, allowed)
    # The words are the policy's own: a warning never says that the run was stopped.
    assert verdict.decision.reasoning == "Stop."


def test_one_condition_is_reported_once() -> None:
    guard = Guard([msgspec.structs.replace(REPEAT, effect="warning")], FACTS, "x")
    guard.learn(call(0, "exec:node", "failed"))
    first, second = guard.check(call(1, "exec:node")), guard.check(call(1, "exec:node"))
    assert len(first.fresh) == 1 and second.fresh == () and len(second.hits) == 1
    assert second.decision.reasoning is None


def test_checks_are_harvested_like_any_trace(tmp_path: Path) -> None:
    trail = Trail(tmp_path / "traces" / "guards.jsonl")
    for name in ("run-1", "run-2"):
        guard = Guard([REPEAT], FACTS, name, trail=trail)
        for decision in run("read:a", "exec:node failed", "exec:node"):
            guard.check(decision)
            guard.learn(decision)
    assert trail.path.stat().st_mode & 0o077 == 0
    vault = Vault(tmp_path / "vault")
    assert vault.harvest([trail.path.parent]).decisions == 6
    rows = vault.sql("SELECT kind, action, outcome FROM decisions ORDER BY execution_id, step").to_pylist()
    assert [row["action"] for row in rows] == 2 * ["guard:allow", "guard:allow", "guard:block"]
    assert {row["kind"] for row in rows} == {"guard"}
    runs = vault.sql(
        "SELECT parent_execution_id, agent_id, labels['agent'] AS agent FROM executions ORDER BY 1"
    ).to_pylist()
    assert [(row["parent_execution_id"], row["agent_id"], row["agent"]) for row in runs] == [
        ("run-1", "soma-guard", "mailer"), ("run-2", "soma-guard", "mailer"),
    ]  # fmt: skip
    found = vault.evidence("guard:run-1")
    assert found.states == {"intact": 4} and not found.broken


def test_soma_learns_nothing_from_its_own_guards(tmp_path: Path) -> None:
    from soma.synthesizer.jobs import insights

    trail = Trail(tmp_path / "traces" / "guards.jsonl")
    for number in range(30):
        guard = Guard([REPEAT], FACTS, f"run-{number}", trail=trail)
        for decision in run("exec:node failed", "exec:node failed", "exec:node failed"):
            guard.check(decision)
            guard.learn(decision)
    vault = Vault(tmp_path / "vault")
    vault.harvest([trail.path.parent])
    assert insights.Ground(vault.snapshot()).runs == {}


def hit_steps(one: Policy, decisions: list[NormalizedDecision]) -> list[int]:
    guard = Guard([one], FACTS, "x")
    found = []
    for decision in decisions:
        if guard.check(decision).hits:
            found.append(decision.step)
        guard.learn(decision)
    return found


def test_a_timeout_is_seen_in_a_finished_run() -> None:
    slow = [call(0, "exec:a", duration_ms=31_000.0), call(1, "exec:b", duration_ms=10.0), call(2, "exec:c")]
    assert hit_steps(timeout(NONE, "warning"), slow) == [1]


def test_a_tool_called_again_and_again_side_by_side_is_a_loop_and_other_calls_are_none() -> None:
    loop = reasoning_loop(NONE, "warning", default=5)
    same = [call(step, "exec:a") for step in range(8)]
    assert hit_steps(loop, same) == [6, 7] or hit_steps(loop, same) == [5, 6, 7]
    different = [call(step, "exec:a", arguments_digest=f"d{step}") for step in range(8)]
    assert hit_steps(loop, different) == []


def test_delegations_are_counted_not_nodes() -> None:
    spawns = [call(step, "agent:x", role="delegate") for step in range(7)]
    assert hit_steps(spawn_explosion(NONE, "error", default=5), spawns) == [5, 6]
    assert hit_steps(spawn_explosion(NONE, "error", default=5), [call(step, "exec:a") for step in range(9)]) == []


def test_limits_come_from_the_history_once_it_is_long_enough() -> None:
    assert quantile(tuple(range(ENOUGH - 1)), 0.99) is None
    assert quantile(tuple(range(1, 101)), 0.99) == 99 and quantile(tuple(range(1, 101)), 0.05) == 5
    busy = History(
        agent_id="a", runs=100, spawns=tuple(range(100)), repeats=tuple([1] * 90 + [9] * 10), durations_ms=()
    )
    limits = {one.id: one for one in runtime_policies(busy)}
    assert limits["guard-spawn-explosion"].condition == spawn_explosion(busy, "warning").condition
    assert (
        "99 times" in limits["guard-spawn-explosion"].message
        and "default" not in limits["guard-spawn-explosion"].message
    )
    assert "default" in limits["guard-timeout"].message


def test_all_kinds_are_built_from_real_runs(governed: Path) -> None:
    snapshot = Vault(governed).snapshot()
    history = history_of(snapshot, "starchat")
    runs = snapshot.sql("SELECT count(*) AS n FROM executions WHERE agent_id = 'starchat' AND decisions > 0")["n"][
        0
    ].as_py()
    assert history.runs == len(history.repeats) == runs >= ENOUGH
    policies = runtime_policies(history)
    assert len({one.id for one in policies}) == len(policies) == 7
    assert all(one.scope.agents == ("starchat",) for one in policies)
    # By definition fewer than one run in a hundred reaches a limit that its own history set.
    loop = next(one for one in policies if one.id == "guard-reasoning-loop")
    assert isinstance(loop.condition, Sequence)
    over = sum(length > loop.condition.after[0].times for length in history.repeats)
    assert over <= 0.01 * history.runs
