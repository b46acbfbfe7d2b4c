"""Half a minute about one agent: why it fails, what to do, who does better, what happened last."""

from __future__ import annotations

from typing import Any

import pytest

from soma.errors import NothingFound
from soma.model import Execution, NormalizedDecision
from soma.synthesizer.jobs import briefing
from soma.synthesizer.jobs.briefing.explain import render
from soma.synthesizer.jobs.briefing.model import Binding, Briefing

from .lake import chain, execution
from .whole import HOSTILE, Whole, harmless, insight, said, shown

START = 1_790_000_000_000_000


def digest(agent: str = "agent-c", choice: str = "exec:node", **more: Any) -> Whole:
    """Two agents on one task: one polls and succeeds; the other starts a process that times out, and tries again."""
    executions: list[Execution] = []
    decisions: list[NormalizedDecision] = []
    for name, action, good in (("agent-a", "process:poll", 28), (agent, choice, 9)):
        for n in range(30):
            identity = f"{name}/{n:02}"
            ok = n < good
            executions.append(execution(
                identity, name, task_id="inbox digest", task_text="digest my inbox", success=ok, status="completed",
                started_at=START + n, signature=action, decisions=3,
            ))  # fmt: skip
            broken = action == choice and n >= 4
            decisions += chain(
                identity, ["exec:himalaya", action, action, "write:inbox"], name,
                outcome=["ok", "timeout" if broken else "ok", "timeout" if broken else "ok", "ok"],
                duration_ms=[1200.0, 30_000.0, 30_000.0, 5.0], arguments_digest=["h", "n", "n", f"w{n}"],
                error=[None, *([f"timed out after {n} s", "timed out after 9 s"] if broken else [None, None]), None],
            )  # fmt: skip
    return Whole(executions, decisions, **more)


def kinds(found: Briefing) -> list[str]:
    return [reason.kind for reason in found.reasons]


def test_the_reasons_name_the_counts_they_rest_on() -> None:
    found = briefing.run(digest(), "agent-c")
    assert found.agent.health == "critical"
    assert kinds(found) == ["divergence", "action", "repeat"]
    divergence, action, repeat = (reason.text for reason in found.reasons)
    assert divergence.startswith(
        "agent-a does better on the same 1 task: 93.3 % of its runs achieve their task, 30.0 % here (−63 points ["
    )
    assert "At step 2 it mostly takes exec:node, agent-a takes process:poll: −63 points [" in divergence
    assert action.startswith(
        "52 of 60 exec:node calls time out, in 26 runs (21 of these failed, none of the other 4 did); "
        "always like: timed out after 9 s"
    )
    assert action.endswith("(26 min 0 s spent on them)")
    assert repeat.startswith(
        "It makes a call again unchanged that has just failed: 26 times in 26 runs, it never helped"
    )


def test_the_advice_is_to_do_what_the_better_agent_does_and_shows_where_to_look() -> None:
    found = briefing.run(digest(), "agent-c")
    texts = [advice.text for advice in found.advice]
    assert texts[0] == "agent-c should take process:poll at step 2, as agent-a does."
    assert found.advice[0].commands == ("soma divergence --agents agent-a agent-c",)
    assert found.advice[1].text == "look at failing calls of exec:node"
    assert found.advice[1].commands == ("soma decisions --execution agent-c/29 --output",)
    assert "keep it from repeating" in texts[2]
    assert len(texts) == 3


def test_the_better_agent_has_no_divergence_to_explain() -> None:
    found = briefing.run(digest(), "agent-a")
    assert found.agent.health == "healthy"
    assert kinds(found) == ["silent"]
    page = said(shown(render(found)))
    assert "HEALTHY 6.7 % of its runs do not achieve their task (2 of 30) [1.8, 21.3]" in page
    assert "What fails even so 1. In 2 of the 2 runs that did not achieve their task no call is seen to fail" in page


@pytest.mark.parametrize("width", [80, 100])
def test_the_page_goes_from_status_to_replay_and_fits(width: int) -> None:
    page = shown(render(briefing.run(digest(), "agent-c")), width)
    parts = [
        "agent-c   CRITICAL",
        "Why it fails",
        "What to do",
        "Peers on the same tasks",
        "Last failed run",
        "Not known",
    ]
    places = [page.find(part) for part in parts]
    assert -1 not in places
    assert places == sorted(places)
    assert max(len(line) for line in page.splitlines() if "soma " not in line) <= width
    replay = page[places[4] : places[5]].splitlines()
    assert "“digest my inbox”" in replay[1]
    assert [line.split()[1] for line in replay[2:6]] == ["✔", "✘", "✘", "✔"]
    assert "timeout  timed out after 29 s" in replay[3]
    assert "↻ same call as 2" in replay[4]
    told = "\n".join(replay[6:])
    assert "most to blame 2 exec:node" in told
    assert "soma localize --execution agent-c/29" in told
    assert "soma decisions --execution agent-c/29 --output" in told


def test_peers_are_ranked_and_the_agent_itself_is_marked() -> None:
    found = briefing.run(digest(), "agent-c")
    assert [(peer.agent_id, peer.is_self, peer.verdict) for peer in found.peers] == [
        ("agent-a", False, "different"), ("agent-c", True, None)
    ]  # fmt: skip
    (line,) = [
        line for line in shown(render(found)).splitlines() if line.strip().startswith("agent-c ") and "◀" in line
    ]
    assert "30.0 % 9 of 30 ◀" in said(line)


def test_a_peer_that_is_done_is_no_recommendation_to_stop() -> None:
    executions, decisions = [], []
    for name, path, good in (("a", ["exec:ls"], 28), ("b", ["exec:ls", "submit"], 5)):
        for n in range(30):
            executions.append(execution(f"{name}{n:02}", name, task_id="t", success=n < good, status="completed"))
            decisions += chain(f"{name}{n:02}", path, name, outcome="ok")
    found = briefing.run(Whole(executions, decisions), "b")
    assert "At step 2 a is mostly done, it goes on with submit" in found.reasons[0].text
    assert found.advice[0].text == "compare it with a, step by step"
    assert "(end)" not in shown(render(found))


def test_errors_that_ended_runs_are_one_reason_and_count_alike_whatever_their_punctuation() -> None:
    ends = ["RuntimeError('503 overloaded')", "RuntimeError: 503 overloaded", "OSError: disk full", None]
    runs = [
        execution(f"e{n}", "a", status="failed", error=ends[n % 4], started_at=START + n) for n in range(8)
    ]  # fmt: skip
    found = briefing.run(Whole(runs), "a")
    assert kinds(found) == ["end"]
    assert found.reasons[0].text == (
        "6 of 8 runs ended with a recorded error: RuntimeError('503 overloaded') (4 runs); OSError: disk full (2 runs)"
    )
    assert [advice.text for advice in found.advice] == [
        "look at a run that ended so",
        "tell soma which runs achieved their task",
    ]
    assert "CRITICAL 100.0 % of its runs end with an error (8 of 8)" in said(shown(render(found)))


def test_runs_that_fail_without_any_error_are_said_to() -> None:
    runs = [execution(f"e{n}", "a", status="completed", success=False) for n in range(6)]
    found = briefing.run(Whole(runs, chain("e0", ["x"], "a", outcome="failed")), "a")
    assert kinds(found) == ["silent"]
    assert found.reasons[0].text.startswith(
        "In 5 of the 6 runs that did not achieve their task no call is seen to fail"
    )
    assert found.reasons[0].weight == 5


def test_an_action_that_fails_only_in_good_runs_is_no_reason_for_failing() -> None:
    runs = [execution(f"e{n}", "a", status="completed", success=n >= 6) for n in range(10)]
    steps = [
        *chain("e8", ["exec:probe"] * 4, "a", outcome="failed"),
        *chain("e1", ["exec:ls"] * 2, "a", outcome="failed"),
    ]
    found = briefing.run(Whole(runs, steps), "a")
    assert [reason.text.split(",")[0] for reason in found.reasons if reason.kind == "action"] == [
        "2 of 2 exec:ls calls fail"
    ]


def test_one_run_that_shows_several_failing_actions_is_named_once() -> None:
    runs = [execution(f"e{n}", "a", status="failed") for n in range(4)]
    steps = [
        *chain("e1", ["x", "y", "z"], "a", outcome="failed"),
        *chain("e2", ["x", "y"], "a", outcome="failed"),
        *chain("e3", ["z"], "a", outcome="failed"),
    ]
    advice = briefing.run(Whole(runs, steps), "a").advice[0]
    assert advice.text == "look at failing calls of x, y, z"
    assert advice.commands == ("soma decisions --execution e1 --output",)


def test_too_few_runs_say_how_many_more_it_takes() -> None:
    found = briefing.run(Whole([execution(f"e{n}", "a", status="completed") for n in range(5)]), "a")
    page = said(shown(render(found)))
    assert "NOT ENOUGH DATA 0.0 % of its runs end with an error (0 of 5) [0.0, 43.4]" in page
    assert "how 5 runs ended is known, about 1 more run would tell" in page


def test_an_agent_of_which_nothing_is_known_is_called_unknown() -> None:
    page = said(shown(render(briefing.run(Whole([execution("e", "a")]), "a"))))
    assert "UNKNOWN how its 1 run ended is not recorded" in page
    assert "Not known: success; how runs ended; times; tokens; costs" in page


def test_runs_without_times_have_no_last_one() -> None:
    runs = [execution(f"e{n}", "a", status="failed", failed=1 if n == 2 else 0) for n in range(4)]
    found = briefing.run(Whole(runs), "a")
    assert found.last_failed is not None
    assert found.last_failed.execution_id == "e2"
    assert "A failed run (no times are recorded: perhaps not the last)" in said(shown(render(found)))


def test_what_others_reported_and_nobody_decided_is_told() -> None:
    told = [
        insight("i1", ["agent-c"], claim="Waits for the mail server"),
        insight("i2", ["agent-c"], status="rejected"),
        insight("i3", ["other"]),
    ]
    found = briefing.run(digest(insights=told), "agent-c")
    assert [row.insight_id for row in found.insights] == ["i1"]
    assert found.reasons[-1].text == (
        "A trace reports (bottleneck): Waits for the mail server (confidence 0.60); not decided yet"
    )


def test_an_unknown_agent_is_answered_with_the_nearest_names() -> None:
    with pytest.raises(NothingFound) as refused:
        briefing.run(digest(), "agentc")
    assert "did you mean agent-c" in (refused.value.hint or "")
    with pytest.raises(NothingFound) as refused:
        briefing.run(digest(), "zzz")
    assert refused.value.hint == "soma status lists the agents"


def test_nothing_in_a_trace_steers_the_terminal_and_commands_are_quoted() -> None:
    lake = digest(HOSTILE, HOSTILE, insights=[insight("i", [HOSTILE], claim=HOSTILE, type=HOSTILE, origin=HOSTILE)])
    page = shown(render(briefing.run(lake, HOSTILE)), 100)
    assert harmless(page)
    assert "$(id)" in page
    commands = [line.strip() for line in page.splitlines() if line.strip().startswith("soma ")]
    assert commands
    assert all("'" in command for command in commands)


def test_abandoned_branches_explain_nothing() -> None:
    left = execution("b", "a", status="failed", error="left", labels={"branch": "abandoned"})
    runs = [execution(f"e{n}", "a", status="completed") for n in range(6)]
    found = briefing.run(Whole([left, *runs], chain("b", ["x"] * 5, "a", outcome="failed", arguments_digest="d")), "a")
    assert found.reasons == ()
    assert found.last_failed is None


def test_the_failed_run_tells_its_peak_pressure_and_the_policies_what_binds() -> None:
    runs = [execution("e0", "a", status="failed", decisions=2, failed=2)]
    here = {"execution_id": "e0", "engine": "1"}
    vitals = {**here, "peak_pressure": 0.6, "peak_step": 1, "observe": 1, "guide": 0, "warn": 1, "block": 0}
    pressure = {
        **here, "decision_id": "e0/1", "step": 1, "pressure": 0.6, "mode": "WARN", "signals": [], "pressures": [],
        "floor": 0.6, "patterns": [],
    }  # fmt: skip
    world = Whole(runs, chain("e0", ["x", "x"], "a", outcome="failed"), vitals=[vitals], pressure=[pressure])
    policy = Binding(id="no-again", says="do not [red]again", stops=True, binds=False, until="2026-12-31")
    found = briefing.run(world, "a", binding=[policy])
    assert found.peak is not None
    assert (found.peak.pressure, found.peak.mode, found.peak.step) == (0.6, "WARN", 1)
    page = said(shown(render(found)))
    assert "peak pressure 0.60 (WARN) at decision 2" in page
    assert "no-again runs in shadow: it counts without binding until 2026-12-31: do not [red]again" in page


def test_without_a_replay_or_a_policy_neither_is_spoken_of() -> None:
    found = briefing.run(Whole([execution("e0", "a", status="failed")]), "a")
    assert (found.peak, found.binding) == (None, ())
    page = said(shown(render(found)))
    assert "peak pressure" not in page
    assert "What binds it" not in page
