"""The pages: what they say, that they fit, and that nothing in a trace can steer the terminal."""

from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType

from soma.synthesizer.bars import whisker
from soma.synthesizer.jobs import divergence, signatures, tasks
from soma.synthesizer.jobs.divergence import explain as divergence_page
from soma.synthesizer.jobs.signatures import explain as signatures_page
from soma.synthesizer.jobs.tasks import explain as tasks_page
from soma.synthesizer.stats import Difference, Interval, proportion
from soma.synthesizer.wording import duration, plain, points, probability

from .lake import Lake, chain, execution
from .worlds import World, level

HOSTILE = "evil\x1b]0;owned\x07\x1b[2J[bold red]x[/]\u202e\r\n"


def shown(page: RenderableType, width: int = 80) -> str:
    console = Console(width=width, file=io.StringIO(), color_system=None, force_terminal=False, _environ={})
    console.print(page)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def inbox(agent: str = "agent-c", action: str = "exec:node") -> Lake:
    """Two agents on one task: one polls and succeeds, the other starts a process that times out."""
    executions, decisions = [], []
    for name, choice, good in (("agent-a", "process:poll", 28), (agent, action, 9)):
        for n in range(30):
            identity = f"{name}-{n:02}"
            executions.append(execution(identity, name, task_id="inbox digest", success=n < good, signature=choice))
            decisions += chain(
                identity, ["exec:himalaya", choice, "write:inbox"], name,
                outcome=["ok", "ok" if choice == "process:poll" else "timeout", "ok"], duration_ms=30_000.0,
            )  # fmt: skip
    return Lake(executions, decisions)


def test_a_divergence_reads_from_the_rates_to_the_advice() -> None:
    page = shown(divergence_page.render(divergence.run(inbox())))
    said = [
        "Task “inbox digest” · 2 agents · 60 runs",
        "agent-a 93.3 %",
        "28 of 30 [78.7, 98.2]",
        "agent-c 30.0 %",
        "difference −63 points [",
        "different (q < 0.0001)",
        "They part at step 2",
        "exec:himalaya",
        "process:poll",
        "exec:node (timed out in 30, median 30.0 s)",
        "◀ exec:node rather than process:poll, given step 1: −63 points [",
        "What it suggests: agent-c should take process:poll at step 2, as agent-a does.",
        "Be careful: Where they part each agent makes only its own choice",
        "Evidence: ",
        " of dvg-",
        "soma decisions --execution ",
    ]
    places = [page.find(words) for words in said]
    assert -1 not in places, said[places.index(-1)]
    assert places == sorted(places)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_page_fits_and_cuts_nothing(width: int) -> None:
    name = "digest-agent-production-eu-west-1"
    page = shown(divergence_page.render(divergence.run(inbox(name)), everything=True), width)
    assert max(cell_len(line) for line in page.splitlines()) <= width
    assert "…" not in page
    rates = page.splitlines()[1 : page.splitlines().index(next(li for li in page.splitlines() if "difference" in li))]
    # A long name goes on in the next line of its column.
    assert "".join(line.split()[0] for line in rates[1:]) == name or width < 80
    assert rates[0].split()[:2] == ["agent-a", "93.3"]


def test_undecided_pairs_say_what_it_takes() -> None:
    made = World()
    for agent, good in (("a", 7), ("b", 3)):
        for n in range(10):
            made.add(agent, "t", n < good)
    page = shown(divergence_page.render(made.answer()))
    assert re.search(r"not enough data \(q = 0\.\d\d\)", page)
    assert "more runs a side to tell 10 points, about" in page
    assert "No decisions are recorded for a and b" in page


def test_pairs_not_shown_are_counted() -> None:
    page = shown(divergence_page.render(level(1, 6).answer()))
    assert "14 further pairs: not enough data (soma divergence --all)" in page
    assert len(re.findall(r"^ difference [−+0]", page, re.MULTILINE)) == 1
    whole = shown(divergence_page.render(level(1, 6).answer(everyone=True), everything=True))
    assert len(re.findall(r"^ difference [−+0]", whole, re.MULTILINE)) == 15


def test_status_is_never_called_success() -> None:
    lake = Lake(
        execution(f"{agent}{n}", agent, task_id="t", status="completed" if n < good else "failed")
        for agent, good in (("a", 9), ("b", 3))
        for n in range(10)
    )
    page = " ".join(shown(divergence_page.render(divergence.run(lake))).split())
    assert "Success is not known on both sides: counted is how many runs completed rather than failed." in page


def test_nothing_in_a_trace_steers_the_terminal() -> None:
    lake = inbox(HOSTILE, HOSTILE)
    for page in (
        divergence_page.render(divergence.run(lake, None, None), everything=True),
        signatures_page.render(signatures.run(lake)),
        tasks_page.render(tasks.run(Lake([execution("1", HOSTILE, task_id="t", task_text=HOSTILE)]))),
    ):
        text = shown(page)
        assert not {character for character in text if ord(character) < 32 and character != "\n"}
        assert "\u202e" not in text
        assert "\x1b" not in text
        assert "[bold" in text


def test_a_world_without_anything_has_pages_too() -> None:
    empty = Lake([])
    assert "soma harvest" in shown(divergence_page.render(divergence.run(empty)))
    assert "soma harvest" in shown(signatures_page.render(signatures.run(empty)))
    assert "No task is known" in shown(tasks_page.render(tasks.run(empty)))


def test_whiskers_stand_on_one_scale() -> None:
    assert whisker(proportion(0, 0)).drawn(10) == "·" * 10
    assert whisker(proportion(1000, 1000)).drawn(10) == "         ●"
    bar = whisker(proportion(5, 10)).drawn(41)
    assert (bar.index("├"), bar.index("●"), bar.index("┤")) == (9, 20, 31)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "0 ms"),
        (999.0, "999 ms"),
        (1200.0, "1.2 s"),
        (131_000.0, "2 min 11 s"),
        (11_100_000.0, "3 h 05 min"),
    ],
)
def test_durations(value: float | None, text: str) -> None:
    assert duration(value) == text


def test_figures_keep_their_sign() -> None:
    assert points(Difference(-0.553, Interval(-0.7, -0.004), 0.1, "newcombe", 1)) == "−55 points [−70, −0.4]"
    assert points(Difference(0.0, Interval(-0.03, 0.031), 0.1, "newcombe", 1)) == "0 points [−3, +3]"
    assert [probability(value) for value in (0.00001, 0.0004, 0.031)] == ["< 0.0001", "0.0004", "0.03"]


def test_long_foreign_text_is_cut_with_a_mark() -> None:
    assert plain("ab " * 100, 7) == "ab ab…"
    assert plain("\x1b[31mred\x1b[0m\tand\nplain") == "red and plain"
