"""What a policy would have stopped, counted by hand on small vaults and read on real traces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from soma.governance import backtest
from soma.governance.draft import draft
from soma.governance.policy import (
    FAILED,
    Action,
    Bottleneck,
    Call,
    Condition,
    Conformance,
    Count,
    Depth,
    FailureRate,
    InMode,
    Policy,
    Pressure,
    Result,
    Scope,
    Sequence,
    Step,
)
from soma.governance.policy.words import condition_words
from soma.pressure.engine import Configuration
from soma.pressure.replay.keep import keep
from soma.synthesizer.jobs import insights
from soma.vault import VaultRoot


def tried(root: VaultRoot, condition: Condition, **more: Any) -> backtest.Backtest:
    return backtest.run(root.snapshot(), Policy(id="p", condition=condition, message="No.", **more))


AGAIN = Sequence(after=(Step(outcome=FAILED),), consecutive=True, same="call")


def test_its_figures_are_those_sql_counts(root: VaultRoot) -> None:
    """A failed call made again unchanged, counted by a query of its own."""
    snapshot = root.snapshot()
    expected = snapshot.sql(
        "WITH c AS (SELECT d.execution_id, d.agent_id, e.success, d.outcome, "
        "lag(d.outcome) OVER w IN ('failed', 'timeout') AND lag(regexp_replace(d.action, '[_-][0-9]+$', '')) OVER w "
        "= regexp_replace(d.action, '[_-][0-9]+$', '') AND lag(d.arguments_digest) OVER w = d.arguments_digest AS hit "
        "FROM decisions AS d JOIN executions AS e USING (execution_id) WHERE d.kind NOT IN ('failure', 'guard') "
        "WINDOW w AS (PARTITION BY d.execution_id ORDER BY d.step, d.decision_id)) "
        "SELECT count(*) FILTER (hit) AS decisions, count(DISTINCT execution_id) FILTER (hit) AS hit, "
        "count(DISTINCT execution_id) FILTER (hit AND success) AS good, "
        "count(DISTINCT execution_id) FILTER (hit AND NOT success) AS bad FROM c"
    ).to_pylist()[0]
    result = tried(root, AGAIN)
    assert result.measure == "success"
    assert (result.decisions, result.hit) == (expected["decisions"], expected["hit"])
    assert (result.false_blocks.successes, result.saved.successes) == (expected["good"], expected["bad"])
    assert result.hit == result.saved.successes + result.false_blocks.successes + result.unknown
    assert sum(one.hit for one in result.agents) == result.hit
    assert sum(one.covered for one in result.agents) == result.covered
    assert 0 < result.saved.interval.low < (result.saved.rate or 0) < result.saved.interval.high < 1


def test_an_example_names_the_call_and_what_makes_it_one(root: VaultRoot) -> None:
    example = tried(root, AGAIN).saves[0]
    rows = (
        root.snapshot()
        .sql(
            "SELECT decision_id, step, outcome, arguments_digest FROM decisions WHERE execution_id = ? ORDER BY step",
            [example.execution_id],
        )
        .to_pylist()
    )
    now = next(row for row in rows if row["decision_id"] == example.decision_id)
    before = next(row for row in rows if row["decision_id"] == example.evidence[0])
    assert before["outcome"] in FAILED
    assert before["arguments_digest"] == now["arguments_digest"]
    assert example.step == now["step"] == before["step"] + 1
    assert example.calls_left == len(rows) - now["step"]


def test_a_scope_covers_fewer_and_nothing_outside_it(root: VaultRoot) -> None:
    whole, one = tried(root, AGAIN), tried(root, AGAIN, scope=Scope(agents=("starchat",)))
    assert 0 < one.covered < whole.covered
    assert [tally for tally in whole.agents if tally.agent_id == "starchat"] == list(one.agents)
    assert tried(root, AGAIN, scope=Scope(tasks=("no such task",))).covered == 0


def test_what_is_not_recorded_is_not_judged_rather_than_not_hit(root: VaultRoot) -> None:
    for condition in (Pressure(least=0.1), InMode(least="WARN")):
        result = tried(root, condition)
        assert (result.covered, result.hit) == (0, 0)
        assert result.unjudged > 0
        assert any("could not be judged" in caution for caution in result.cautions)


def test_pressure_is_that_of_the_kept_replays(root: VaultRoot) -> None:
    keep(root, Configuration())
    (expected,) = (
        root.snapshot()
        .sql(
            "WITH p AS (SELECT execution_id, lag(pressure) OVER w AS before, lag(mode) OVER w AS mode FROM pressure "
            "WINDOW w AS (PARTITION BY execution_id ORDER BY step)) "
            "SELECT count(*) FILTER (before >= 0.3) AS pressed, "
            "count(*) FILTER (mode IN ('GUIDE', 'WARN', 'BLOCK')) AS guided FROM p"
        )
        .to_pylist()
    )
    high, guided = tried(root, Pressure(least=0.3)), tried(root, InMode(least="GUIDE"))
    assert (high.unjudged, guided.unjudged) == (0, 0)
    assert (high.decisions, guided.decisions) == (expected["pressed"], expected["guided"])
    assert 0 < high.decisions < guided.decisions


def test_rates_depth_and_conformance_are_those_known_when_it_began(root: VaultRoot) -> None:
    rate = tried(root, FailureRate(least=0.0))
    assert rate.unjudged > 0, "the first executions of an agent have no history"
    assert rate.hit == rate.covered > 0
    assert tried(root, Depth(least=1)).hit == 0
    fit = tried(root, Conformance(below=1.0))
    assert 0 < fit.covered < fit.executions
    assert any("later ones too" in caution for caution in fit.cautions)
    assert tried(root, Bottleneck()).hit >= 0


def test_a_policy_that_hits_everything_stops_every_run_that_has_a_second_call(root: VaultRoot) -> None:
    result = tried(root, Count(of=Result(), least=1))
    assert result.decisions == result.calls - result.covered
    assert result.effect is None or result.hit_share is not None


def test_drafts_of_real_findings_are_the_same_every_time_and_would_have_hit(root: VaultRoot) -> None:
    known = insights.known(root.snapshot())
    drafts = {item.type: draft(item) for item in known}
    assert drafts == {item.type: draft(item) for item in insights.known(root.snapshot())}
    made = [one for one in drafts.values() if one is not None]
    assert "retries" in drafts
    assert drafts["retries"] is not None
    assert drafts["retries"].condition == AGAIN
    for one in made:
        result = backtest.run(root.snapshot(), one)
        assert result.hit > 0, one.id
        assert condition_words(one.condition)


@pytest.mark.corpus
def test_on_the_corpus_repeating_a_failed_call_mostly_precedes_failure(corpus: Path, tmp_path: Path) -> None:
    from soma.harvester.harvest import Options, harvest

    root = VaultRoot(tmp_path / "vault")
    harvest([str(corpus / "intercode-bash")], root, Options(jobs=1))
    result = tried(root, AGAIN)
    assert (result.failing.rate or 0) > (result.false_blocks.rate or 1)
    assert result.effect is not None
    assert result.effect.estimate < 0
    assert not result.same_agent
    assert any("Different agents" in caution for caution in result.cautions)


def test_every_condition_has_words() -> None:
    words = [
        condition_words(condition)
        for condition in (
            Action(call=Call(action=("exec:rm",), arguments=("*-rf*",))),
            Count(of=Result(outcome=FAILED), least=3, last=10),
            Count(of=Result(slower_ms=30_000), least=1, seconds=60),
            Sequence(after=(Step(action=("exec:node",), outcome=FAILED, times=2),), then=Call(action=("exec:node",))),
            AGAIN,
        )
    ]
    assert words == [
        "it is exec:rm with arguments like *-rf*",
        "3 calls or more before it were any call that ended failed or timeout, of the last 10 calls",
        "1 call or more before it were any call that took longer than 30.0 s, in the last 1 min 0 s",
        "it is exec:node, and comes after exec:node that ended failed or timeout (twice)",
        "it is the same call again, arguments and all, and comes right after any call that ended failed or timeout",
    ]
