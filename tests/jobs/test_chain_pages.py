"""One run, decision by decision: what is counted, what is said, and that it fits."""

from __future__ import annotations

import pytest

from soma.errors import NothingFound
from soma.synthesizer.jobs import chain
from soma.synthesizer.jobs.chain.explain import render, replay
from soma.synthesizer.jobs.chain.gist import gist

from .lake import Lake, execution
from .lake import chain as decisions
from .whole import HOSTILE, harmless, said, shown


def inbox() -> Lake:
    """A run that times out, tries again unchanged, and gives up."""
    run = execution(
        "x:1", "agent-c", task_id="inbox digest", status="failed", success=False, success_from="reward",
        error="Traceback (most recent call last):\n  File 'a.py'\nOSError: no space left", duration_ms=64_000.0,
        signature="exec:himalaya → exec:node[2] → write:inbox", model="haiku",
    )  # fmt: skip
    steps = decisions(
        "x:1", ["exec:himalaya", "exec:node", "exec:node", "write:inbox", "read:notes"], "agent-c",
        outcome=["ok", "timeout", "timeout", "skipped", "unknown"],
        duration_ms=[1200.0, 30_000.0, 31_000.0, None, None],
        reasoning=["Fetch the mails first", None, None, None, None],
        arguments=['{"command":"himalaya list"}', '{"command":"node x.js"}', '{"command":"node x.js"}', None, None],
        arguments_digest=["a", "b", "b", None, None],
        error=[None, "timed out after 30 s", "timed out after 30 s", None, None],
        output=["5 mails\nof them 2 unread", None, None, None, None],
    )  # fmt: skip
    return Lake([run, execution("x:10"), execution("y:1")], steps)


def test_the_chain_counts_outcomes_and_finds_repeats_and_the_costliest_failure() -> None:
    (found,) = chain.run(inbox(), "x:1").chains
    assert found.outcomes == {"ok": 1, "timeout": 2, "skipped": 1, "unknown": 1}
    assert [link.repeats for link in found.decisions] == [None, None, 2, None, None]
    assert found.costliest == 3
    assert [link.number for link in found.decisions] == [1, 2, 3, 4, 5]


def test_the_page_says_how_it_ended_and_what_each_decision_was() -> None:
    page = shown(render(chain.run(inbox(), "x:1")), 100)
    lines = page.splitlines()
    assert lines[0] == "agent agent-c · task “inbox digest”"
    assert lines[1] == (
        "failed, task not achieved (by reward) · 5 decisions in 1 min 4 s · 2 failed · 1 without a result"
    )
    assert lines[2].rstrip() == "x:1 · generic · haiku"
    marks = [line.split()[1] for line in lines[4:9]]
    assert marks == ["✔", "✘", "✘", "○", "?"]
    assert "“Fetch the mails first”" in lines[4]
    assert "timeout  timed out after 30 s" in lines[5]
    assert "↻ same call as 2, same error" in lines[6]
    assert "◀ most costly failure" in lines[6]
    assert "skipped" in lines[7]
    assert "no result in the trace" in lines[8]
    # Of a traceback the line that tells.
    assert "ended with: OSError: no space left" in page
    assert "signature  exec:himalaya → exec:node[2] → write:inbox" in page


def test_reasoning_and_output_are_shown_on_request_with_their_lines() -> None:
    page = shown(render(chain.run(inbox(), "x:1"), reasoning=True, output=True))
    assert "why:  Fetch the mails first" in page
    assert 'with: {"command":"himalaya list"}' in page
    assert "got:  5 mails" in page
    assert "of them 2 unread" in page
    plain = shown(render(chain.run(inbox(), "x:1")))
    assert "himalaya list" not in plain
    assert "--output" in plain


@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    for line in shown(render(chain.run(inbox(), "x:1"), output=True), width).splitlines():
        assert len(line) <= width


def test_the_beginning_of_an_id_is_enough_when_only_one_fits() -> None:
    assert chain.run(inbox(), "y").chains[0].execution_id == "y:1"
    # An id that is the beginning of another one still names its own run.
    assert chain.run(inbox(), "x:1").chains[0].execution_id == "x:1"
    with pytest.raises(NothingFound) as ambiguous:
        chain.run(inbox(), "x")
    assert "x:1, x:10" in (ambiguous.value.hint or "")
    with pytest.raises(NothingFound, match="no execution 'z'"):
        chain.run(inbox(), "z")


def test_of_a_long_run_the_ends_and_the_failures_are_shown() -> None:
    steps = decisions("e", ["exec:ls"] * 100, outcome=["failed" if n in {40, 70} else "ok" for n in range(100)],
                      duration_ms=[5000.0 if n == 40 else 1.0 for n in range(100)])  # fmt: skip
    (found,) = chain.run(Lake([execution("e")], steps), "e").chains
    page = "".join(shown(part) for part in replay(found, most=10))
    numbers = [int(line.split()[0]) for line in page.splitlines() if line.split()[0].isdigit()]
    assert len(numbers) == 10
    assert {1, 2, 3, 41, 71, 98, 99, 100} <= set(numbers)
    assert numbers == sorted(numbers)
    skipped = [int(word) for line in page.splitlines() if "more" in line for word in line.split() if word.isdigit()]
    assert sum(skipped) == 90


def test_a_run_without_decisions_says_so() -> None:
    page = shown(render(chain.run(Lake([execution("e", status="completed")]), "e")))
    assert "no decision: the agent called no tool" in page
    assert "0 decisions" in page


def test_nothing_in_a_run_steers_the_terminal() -> None:
    steps = decisions("e", [HOSTILE], HOSTILE, outcome="failed", error=HOSTILE, output=HOSTILE, arguments=HOSTILE,
                      reasoning=HOSTILE, alternatives=[[HOSTILE]])  # fmt: skip
    run = execution("e", HOSTILE, task_text=HOSTILE, error=HOSTILE, model=HOSTILE, signature=HOSTILE)
    page = shown(render(chain.run(Lake([run], steps), "e"), reasoning=True, output=True))
    assert harmless(page)
    assert "[bold red]" in said(page)


@pytest.mark.parametrize(
    ("arguments", "telling"),
    [
        (None, ""),
        ("{}", ""),
        ('{"command":"ls -la","timeout":5}', "ls -la"),
        ('{"id":"abc"}', "abc"),
        ('{"n":7}', "n=7"),
        ('{"b":2,"a":[1]}', "b=2, a=[1]"),
        ("not json", "not json"),
        ("[1,2]", "[1,2]"),
    ],
)
def test_the_gist_of_a_call_is_its_telling_argument(arguments: str | None, telling: str) -> None:
    assert gist(arguments) == telling
