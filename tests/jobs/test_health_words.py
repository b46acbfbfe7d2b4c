"""The word for an agent's health, what it rests on, and the page of all agents."""

from __future__ import annotations

import pytest

from soma.model import Execution
from soma.synthesizer.jobs import health
from soma.synthesizer.jobs.health.compute import health_of, more_needed
from soma.synthesizer.jobs.health.explain import render
from soma.synthesizer.stats import proportion

from .lake import chain, execution
from .whole import HOSTILE, Whole, harmless, said, shown, source

DAY = 86_400_000_000
START = 1_790_000_000_000_000


def runs(agent: str, failed: int, total: int, *, first: int = 0, **more: object) -> list[Execution]:
    return [
        execution(f"{agent}/{first + n:03}", agent, status="failed" if n < failed else "completed", **more)
        for n in range(total)
    ]


@pytest.mark.parametrize(
    ("failed", "total", "word"),
    [
        (0, 0, "not enough data"),
        (1, 1, "not enough data"),
        (2, 2, "not enough data"),
        (3, 3, "critical"),
        (21, 35, "critical"),
        (1, 2, "not enough data"),
        (8, 20, "degraded"),
        (0, 5, "not enough data"),
        (0, 6, "healthy"),
        (3, 26, "healthy"),
        (1, 10, "not enough data"),
    ],
)
def test_a_word_is_said_only_when_the_interval_supports_it(failed: int, total: int, word: str) -> None:
    assert health_of(proportion(failed, total)) == word


def test_what_it_takes_to_tell() -> None:
    assert more_needed(proportion(0, 5), 0.95) == 1
    assert more_needed(proportion(0, 0), 0.95) == 6


def test_success_is_the_measure_where_it_is_known_else_how_runs_ended() -> None:
    known = [execution(f"k{n}", "knows", status="completed", success=n < 4, success_from="reward") for n in range(10)]
    status = health.run(Whole([*known, *runs("ends", 2, 10), execution("u", "silent")]))
    by_name = {agent.agent_id: agent for agent in status.agents}
    assert (by_name["knows"].measure, by_name["knows"].failures.successes) == ("success", 6)
    assert (by_name["ends"].measure, by_name["ends"].failures.successes) == ("status", 2)
    assert by_name["ends"].success is None
    assert (by_name["silent"].measure, by_name["silent"].health) == ("none", "unknown")
    assert "success" in by_name["ends"].not_known
    assert [agent.agent_id for agent in status.agents] == ["knows", "ends", "silent"]


def test_few_known_successes_that_are_bad_keep_an_agent_from_being_called_healthy() -> None:
    labelled = [execution(f"l{n}", "a", status="completed", success=False) for n in range(8)]
    (agent,) = health.run(Whole([*labelled, *runs("a", 0, 20)])).agents
    assert agent.measure == "status"
    assert agent.failures.successes == 0
    assert agent.health == "critical"
    page = said(shown(render(health.run(Whole([*labelled, *runs("a", 0, 20)]))), 100))
    assert "a: success is known of 8 runs only, 0 of them achieved their task" in page


def test_getting_worse_is_said_only_beyond_chance() -> None:
    old = [execution(f"o{n:02}", "a", status="completed", started_at=START + n * DAY) for n in range(20)]
    new = [
        execution(f"n{n:02}", "a", status="failed" if n < 9 else "completed", started_at=START + (40 * DAY) + n)
        for n in range(10)
    ]
    (agent,) = health.run(Whole([*old, *new])).agents
    assert agent.change.trend == "worse"
    assert agent.change.before is not None
    assert (agent.change.before.total, agent.change.recent.total if agent.change.recent else 0) == (20, 10)
    (steady,) = health.run(Whole([*old, *new[8:]])).agents
    assert steady.change.trend in {"steady", "unknown"}
    assert "a fails more since" in said(shown(render(health.run(Whole([*old, *new]))), 110))


def test_abandoned_branches_are_no_runs() -> None:
    left = execution("b", "a", status="failed", labels={"branch": "abandoned"})
    (agent,) = health.run(Whole([left, *runs("a", 0, 6)])).agents
    assert (agent.runs, agent.health) == (6, "healthy")


def test_decisions_tokens_and_costs_are_sums_and_stay_unknown_where_nothing_is_recorded() -> None:
    made = execution("e1", "a", decisions=3, failed=1, timeout=1, tokens_in=5, cost_usd=0.5, status="completed")
    status = health.run(Whole([made, *runs("b", 0, 1)], chain("e1", ["x", "y", "z"], "a")))
    one, other = sorted(status.agents, key=lambda agent: agent.agent_id)
    assert (one.decisions, one.decisions_failed, one.tokens, one.cost_usd) == (3, 2, 5, 0.5)
    assert (other.tokens, other.cost_usd) == (None, None)
    assert {"tokens", "costs", "times", "success"} <= set(other.not_known)


@pytest.mark.parametrize("width", [80, 100, 120])
def test_the_page_fits_and_shows_rates_with_counts_and_intervals(width: int) -> None:
    lake = Whole(
        [*runs("agent-with-a-rather-long-name-in-eu-west", 21, 35), *runs("b", 0, 6)],
        sources=[source("/a"), source("/b", "failed", reason="damaged"), source("/c", quarantined=2)],
    )
    page = shown(render(health.run(lake, version=3)), width)
    assert max(len(line) for line in page.splitlines()) <= width
    assert "Vault version 3 · 2 agents · 41 executions" in page
    assert "60.0 % of 35 [43.6, 74.4] *" in page
    assert "1 source could not be used (1 failed): soma vault info --sources" in said(page)
    assert "2 records could not be used: soma vault info --quarantine" in said(page)
    assert "soma briefing --agent agent-with-a-rather-long-name-in-eu-west" in page
    assert "soma outcomes import labels.csv" in said(page)


def test_nothing_in_a_name_steers_the_terminal_and_commands_are_quoted() -> None:
    page = shown(render(health.run(Whole(runs(HOSTILE, 5, 5)))), 100)
    assert harmless(page)
    (command,) = [line for line in page.splitlines() if "soma briefing" in line]
    assert command.strip().startswith("soma briefing --agent '")


def test_an_empty_vault_says_what_to_type() -> None:
    assert "No runs yet. soma harvest PATH reads traces." in shown(render(health.run(Whole([]))))
