"""Who consulted a policy and who followed it: real runs, with the trails soma's guards leave beside them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from soma import Vault, codec
from soma.errors import NothingFound
from soma.governance import backtest, consultations
from soma.governance.backtest.replay import Step, recorded
from soma.governance.consultations import PolicyChain
from soma.governance.consultations.compute import told_by
from soma.governance.consultations.explain import render
from soma.governance.consultations.model import Named, Way
from soma.governance.guards import Guard, Trail
from soma.governance.model import Shown
from soma.governance.policy import FAILED, Action, Call, Facts, Policy, is_call
from soma.model import NormalizedDecision
from soma.synthesizer.jobs import insights
from soma.synthesizer.jobs.health.explain import render as status_page
from soma.vault import VaultRoot
from tests.cli.conftest import Soma, soma
from tests.jobs.lake import Lake, chain, execution
from tests.jobs.whole import said, shown

from .conftest import ADA

__all__ = ["soma"]
AGENT = "starchat"


def page(found: PolicyChain) -> str:
    return said(shown(render(found)))


def steps_of(vault: Vault) -> dict[str, list[Step]]:
    runs = vault.sql("SELECT execution_id FROM executions WHERE agent_id = ? ORDER BY 1", [AGENT])["execution_id"]
    return dict(recorded(vault.snapshot(), runs.to_pylist()))


def repeats(steps: Sequence[Step], start: int = 0) -> list[int]:
    """Places of calls that repeat the failed call right before them, found without the evaluator."""
    calls = [step.decision for step in steps if is_call(step.decision)]
    return [
        place
        for place in range(max(1, start), len(calls))
        if calls[place - 1].outcome in FAILED
        and calls[place].arguments_digest is not None
        and (calls[place].action, calls[place].arguments_digest)
        == (calls[place - 1].action, calls[place - 1].arguments_digest)
    ]


def guarded(policy: Policy, execution: str, steps: Sequence[Step], trail: Trail) -> None:
    """What a guard would have written: after a failed call the agent first thinks of making it again."""
    guard = Guard([policy], Facts(agent_id=AGENT), execution, trail=trail)
    before: NormalizedDecision | None = None
    for step in steps:
        call = step.decision
        if before is not None and before.outcome in FAILED:
            again = (before.action, before.arguments_digest) == (call.action, call.arguments_digest)
            if not again:
                guard.check(msgspec.structs.replace(before, decision_id="thought of"))
        guard.check(call)
        guard.learn(call)
        before = call


@pytest.fixture(scope="module")
def asked(synthesized: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Vault, Policy]:
    """A vault with a policy from its own findings, and the trail of guards that told it."""
    place = tmp_path_factory.mktemp("asked")
    shutil.copytree(synthesized, place / "vault")
    vault = Vault(place / "vault")
    learned = next(item for item in insights.known(vault.snapshot()) if item.type == "retries" and AGENT in item.agents)
    policy = vault.governance.promote(learned.insight_id, actor=ADA, reason="seen often enough").policy
    assert policy is not None
    trail = Trail(place / "trail" / "guards.jsonl")
    for run, steps in steps_of(vault).items():
        guarded(policy, run, steps, trail)
    vault.harvest([trail.path.parent])
    return vault, policy


def test_a_chain_reaches_from_the_evidence_to_how_the_runs_ended(asked: tuple[Vault, Policy]) -> None:
    vault, policy = asked
    found = vault.chain_of_policy(policy.id, limit=1000)
    assert found.insight is not None and found.insight.id == policy.origin and found.evidence == policy.evidence
    assert [one.ratified_by for one in found.ratified] == [ADA]
    assert found.consulted == len(found.shown) == found.followed + found.ignored + found.not_judged
    assert found.ways == {"guard": found.consulted}
    assert vault.chain_of_policy(policy.origin) == vault.chain_of_policy(policy.id)


def test_followed_and_ignored_are_what_the_calls_after_it_say(asked: tuple[Vault, Policy]) -> None:
    vault, policy = asked
    found = vault.chain_of_policy(policy.id, limit=1000)
    steps = steps_of(vault)
    failed_before_the_end = {
        execution for execution, those in steps.items() if any(s.decision.outcome in FAILED for s in those[:-1])
    }
    told = {one.execution_id: one for one in found.shown}
    # A call whose arguments the source does not record is never the same call again: nothing was told about it.
    assert set(told) <= failed_before_the_end and len(told) > 20
    ignored = {execution for execution in told if repeats(steps[execution])}
    assert {one.execution_id for one in found.shown if one.heeded == "ignored"} == ignored
    assert 0 < found.ignored < found.consulted and found.not_judged == 0
    for run in sorted(ignored):
        first = repeats(steps[run])[0]
        assert told[run].did_decision_id == steps[run][first].decision.decision_id
        assert told[run].against == len(repeats(steps[run]))


def test_how_they_did_is_counted_by_runs_and_compared_on_the_same_tasks(asked: tuple[Vault, Policy]) -> None:
    vault, policy = asked
    found = vault.chain_of_policy(policy.id, limit=1000)
    success = {
        row["execution_id"]: row["success"]
        for row in vault.sql("SELECT execution_id, success FROM executions").to_pylist()
    }
    followed = [success[one.execution_id] for one in found.shown if one.heeded == "followed"]
    assert found.measure == "success"
    assert (found.followed_well.successes, found.followed_well.total) == (sum(followed), len(followed))
    # Each task was run once by this agent: no task has a run that followed it and one that did not.
    assert found.difference is None and found.verdict == "not enough data" and (found.more or 0) > 100
    text = page(found)
    assert "Not enough data" in text and "more runs on each side" in text and "soma gates" in text


def test_the_command_answers_people_and_programs(asked: tuple[Vault, Policy], soma: Soma) -> None:
    vault, policy = asked
    answer = soma("chain", policy.id, "--limit", "2", "--vault", str(vault.path), "--json").json
    assert (answer["schema"], answer["schemaVersion"], len(answer["shown"])) == ("soma.chain", 1, 2)
    assert answer["consulted"] == answer["followed"] + answer["ignored"] > 2
    text = soma("chain", policy.id, "--limit", "2", "--vault", str(vault.path))
    assert text.code == 0 and policy.origin in text.out and "other runs (--limit)" in text.out
    missing = soma("chain", "pol-nothing", "--vault", str(vault.path))
    assert missing.code != 0 and "there is no proposal or policy" in missing.err


def test_with_many_runs_of_one_task_there_is_a_difference_with_an_interval() -> None:
    found = planted((27, 30), (6, 30))
    assert (found.followed, found.ignored, found.consulted) == (30, 30, 60)
    assert found.difference is not None and found.same_agent
    assert found.difference.estimate == pytest.approx(27 / 30 - 6 / 30)
    assert 0.3 < found.difference.interval.low < 0.7 < found.difference.interval.high < 1
    assert found.verdict == "different" and found.more is None
    assert len(found.shown) == 20 and found.shown[0].heeded == "ignored"
    assert any("easier" in caution for caution in found.cautions)
    assert "+70 points" in page(found)


def test_few_runs_are_not_called_a_difference() -> None:
    found = planted((5, 6), (3, 6))
    assert found.difference is not None and found.verdict == "not enough data"
    assert found.more is not None and found.more > 100
    assert any("Only 12 runs could be judged" in caution for caution in found.cautions)


@pytest.mark.parametrize("way", ["prompt", "reasoning", "arguments", "tool", "command"])
def test_every_way_to_consult_it_is_seen(way: str) -> None:
    found = planted((2, 3), (1, 2), way=way)
    assert found.ways == {"tool" if way == "command" else way: 5}
    assert (found.followed, found.ignored) == (3, 2)
    assert {one.did for one in found.shown if one.heeded == "ignored"} == {"exec:rm"}


def test_what_came_before_the_consultation_is_not_held_against_the_run() -> None:
    assert planted((1, 1), actions="exec:rm mcp:soma:query_policies exec:ls").followed == 1
    assert planted((1, 1), actions="exec:ls mcp:soma:query_policies exec:rm").ignored == 1


def test_an_answer_that_no_call_came_after_is_not_judged() -> None:
    found = planted((1, 1), actions="exec:ls mcp:soma:query_policies")
    assert (found.followed, found.not_judged) == (0, 1) and found.why_not == {"no call came after it": 1}
    assert "no call came after it (1)" in page(found)


def test_soma_asked_without_the_policy_in_the_answer_is_told_apart() -> None:
    found = planted((1, 2), answer="[]")
    assert (found.consulted, found.unseen) == (0, 2)
    assert any("2 runs asked soma's tools" in caution for caution in found.cautions)


def test_a_real_session_whose_reasoning_names_it(fixtures: Path, tmp_path: Path) -> None:
    """The agent says it before one of its searches, and searches again all the same."""
    source = next(path for path in sorted((fixtures / "claude-code").glob("*.jsonl")) if SPOKEN in path.read_text())
    (tmp_path / "traces").mkdir()
    told = source.read_text().replace(SPOKEN, f"As pol-no-search says, I should not. {SPOKEN}")
    (tmp_path / "traces" / source.name).write_text(told)
    vault = Vault(tmp_path / "vault")
    vault.harvest([tmp_path / "traces"])
    policy = Policy(id="pol-no-search", condition=Action(call=Call(role=("search",))), message="Do not search.")
    vault.governance.promote(policy, actor=ADA, reason="it takes too long")
    (one,) = vault.chain_of_policy("pol-no-search").shown
    assert (one.way, one.heeded, one.did) == ("reasoning", "ignored", "search:grep")
    assert one.did_decision_id == one.decision_id
    searches = vault.sql(
        "SELECT count(*) AS n FROM decisions WHERE execution_id = ? AND role = 'search' AND step >= ?",
        [one.execution_id, one.did_step],
    )
    assert one.against == searches["n"][0].as_py() < one.calls_after


SPOKEN = "Let me also search for `rank(` specifically:"


def test_nothing_found_is_said(root: VaultRoot) -> None:
    vault = Vault(root.path)
    vault.governance.promote(RM, actor=ADA, reason="it lost data")
    found = vault.chain_of_policy(RM.id)
    assert (found.consulted, found.more, found.verdict) == (0, None, "not enough data")
    assert "No run in the vault shows that it consulted this policy" in page(found)
    with pytest.raises(NothingFound, match="no proposal or policy"):
        vault.chain_of_policy("pol-000")


def _named(run: str, said: str, place: Way = "reasoning") -> Named:
    return Named(run, "d", place, "guard:warn", said, None)


@pytest.mark.parametrize(
    ("said", "meant"),
    [("as pol-12 says.", True), ("(pol-12)", True), ("pol-123", False), ("my-pol-12", False), ("pol-12.bak", False)],
)
def test_only_the_whole_id_names_it(said: str, meant: bool) -> None:
    assert bool(told_by([_named("a:1", said)], "pol-12", ["a:1"]).runs) is meant


def test_an_ordinary_word_in_a_text_is_no_consultation() -> None:
    told = told_by([_named("a:1", "I try a retry")], "retry", ["a:1"])
    assert told.runs == {} and told.ordinary


def test_guards_of_runs_the_vault_does_not_hold_and_shadow_hits_are_told_apart() -> None:
    hit = codec.encode({"call": "exec:a", "callId": "c", "hits": [{"policy": "pol-12", "mode": "enforce"}]})
    shadow = hit.replace("enforce", "shadow")
    named = [_named("1", hit, "guard"), _named("9", hit, "guard"), _named("a:2", shadow, "guard")]
    told = told_by(named, "pol-12", ["a:1", "a:2"])
    # The guard knew the run by the id of its framework.
    assert list(told.runs) == ["a:1"] and (told.strangers, told.shadow) == (1, 1)


def test_guard_trails_count_for_no_agent(asked: tuple[Vault, Policy], synthesized: Path) -> None:
    vault, _ = asked
    status, before = vault.status(), Vault(synthesized).status()
    assert [one.agent_id for one in status.agents] == [one.agent_id for one in before.agents]
    assert (status.executions, status.decisions) == (before.executions, before.decisions)
    assert before.sources.guarded == 0 < status.sources.guarded
    assert "not counted" in shown(status_page(status))
    assert "not counted" not in shown(status_page(before))


def test_guard_trails_are_no_runs_a_policy_is_tried_on(asked: tuple[Vault, Policy], synthesized: Path) -> None:
    vault, policy = asked
    assert backtest.run(vault.snapshot(), policy) == backtest.run(Vault(synthesized).snapshot(), policy)


def test_guard_trails_change_no_finding(asked: tuple[Vault, Policy], synthesized: Path) -> None:
    assert insights.find(asked[0].snapshot()) == insights.find(Vault(synthesized).snapshot())


RM = Policy(id="pol-no-rm", condition=Action(call=Call(action=("exec:rm",))), message="Do not delete.")
SHOWN = Shown(id=RM.id, proposal=None, evidence=(), draft=RM, no_draft=None, policies=(), history=(), findings=())


def planted(
    followed: tuple[int, int], ignored: tuple[int, int] = (0, 0), *, way: str = "tool", actions: str = "",
    answer: str = '[{"id":"pol-no-rm"}]',
) -> PolicyChain:  # fmt: skip
    """Runs of one task on two sides, each (well, all); before the last call they consult it in this ``way``."""
    executions, decisions = [], []
    for side, (well, many) in (("followed", followed), ("ignored", ignored)):
        last = "exec:rm" if side == "ignored" else "exec:ls"
        for number in range(many):
            name = f"x:{side}-{number}"
            text = {"task_text": f"Tidy up, mind {RM.id}."} if way == "prompt" else {}
            executions.append(execution(name, task_id="tidy", status="completed", success=number < well, **text))
            taken = (actions or f"exec:cat {_ASKING.get(way, 'exec:cat')} {last}").split()
            asking = next((place for place, action in enumerate(taken) if action == _ASKING.get(way)), len(taken) - 2)
            more: dict[str, Any] = {}
            if way == "reasoning":
                more["reasoning"] = [
                    f"{RM.id} is on my mind" if place == asking + 1 else None for place in range(len(taken))
                ]
            elif way in ("tool", "command"):
                more["output"] = [answer if place == asking else None for place in range(len(taken))]
            elif way == "arguments":
                more["arguments"] = [f'{{"x":"{RM.id}"}}' if place == asking else None for place in range(len(taken))]
            decisions += chain(name, taken, **more)
    return consultations.run(Lake(executions, decisions), SHOWN)


_ASKING = {"tool": "mcp:soma:query_policies", "command": "exec:soma"}
