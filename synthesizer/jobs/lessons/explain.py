"""The page of the job ``lessons``."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from soma.synthesizer import commands
from soma.synthesizer.wording import bounds, count, number, percent, plain, points, probability

from .model import Lesson, Lessons

_TOOL = 60
_ERROR = 160
_FIX = 300
_AGENTS = 3
_INDENT = (0, 0, 0, 5)


def render(result: Lessons, *, limit: int = 10) -> RenderableType:
    """Lesson after lesson: the error, the fix, how often it worked, how often runs recovered without it."""
    lines: list[RenderableType] = [Text(_head(result), style="bold"), Text()]
    for place, lesson in enumerate(result.lessons[:limit]):
        lines += [*_lesson(lesson, result.near[place] if result.near else None), Text()]
    rest = len(result.lessons) - limit
    if rest > 0:
        lines.append(
            Text(f"and {number(rest, 'further lesson')} (--limit N, --tool T, --agent X, --query TEXT)", style="dim")
        )
    if result.failures:
        lines.append(Text(_left(result), style="dim"))
    if result.not_known:
        lines.append(Text(f"Not known: {'; '.join(result.not_known)}", style="dim"))
    return Group(*lines)


def _head(result: Lessons) -> str:
    if not result.failures:
        return "No call failed in this vault: there is nothing to learn from yet."
    asked = [
        *([f"of {plain(result.agent, _TOOL)}"] if result.agent is not None else []),
        *([f"with {plain(result.tool, _TOOL)}"] if result.tool is not None else []),
        *(["about errors like this one"] if result.query is not None else []),
    ]
    which = f" {' '.join(asked)}" if asked else ""
    if not result.lessons:
        fixed = f"{result.fixed:,} were fixed by the next attempt"
        return f"No lesson{which}. Of {number(result.failures, 'failed call')} {fixed}."
    met = f"{number(result.failures, 'failed call')} in {number(result.executions, 'run')}"
    return f"{number(len(result.lessons), 'lesson')}{which}, from {met}"


def _lesson(lesson: Lesson, near: float | None) -> Iterator[RenderableType]:
    like = f"  (likeness {near:.2f})" if near is not None else ""
    yield Text.assemble((plain(lesson.tool, _TOOL), "cyan"), "  ", plain(lesson.error, _ERROR), (like, "dim"))
    yield Padding(Text.assemble(("fix  ", "dim"), (plain(lesson.fix, _FIX), "bold")), _INDENT)
    yield Padding(Text(_worked(lesson)), _INDENT)
    yield Padding(Text(_without(lesson)), _INDENT)
    yield commands.command_line(commands.show_run(lesson.evidence[0].execution_id))


def _worked(lesson: Lesson) -> str:
    worked = lesson.worked
    who = _who(lesson.agents)
    return (
        f"worked at the first try in {count(worked)} runs, {percent(worked.rate)} {bounds(worked.interval)}; "
        f"seen {number(lesson.seen, 'time')} ({who})"
    )


def _who(agents: dict[str, int]) -> str:
    shown = ", ".join(plain(name, 40) or "agent not named" for name in list(agents)[:_AGENTS])
    return shown if len(agents) <= _AGENTS else f"{shown} and {len(agents) - _AGENTS:,} more"


def _without(lesson: Lesson) -> str:
    without = lesson.without
    if not without.total:
        return "no other run met this error: whether it goes away without the fix is not known"
    gave_up = f" ({lesson.gave_up:,} did not try again)" if lesson.gave_up else ""
    base = f"without it {count(without)} runs recovered{gave_up}, {percent(without.rate)} {bounds(without.interval)}"
    return f"{base}: {_verdict(lesson)}"


def _verdict(lesson: Lesson) -> str:
    if lesson.difference is None or lesson.q_value is None:
        return "not enough data (no task with both)"
    q = f"q = {probability(lesson.q_value)}".replace("= <", "<")
    told = {"helps": "it helps", "does harm": "it does harm", "alike": "no difference that matters"}
    return f"{told.get(lesson.verdict, 'not enough data')}, {points(lesson.difference)} on the same tasks ({q})"


def _left(result: Lessons) -> str:
    words = [
        f"{result.retried:,} were tried again within a few steps, {result.fixed:,} went well the first time",
        *([f"{number(result.wordless, 'failure')} whose error says nothing"] if result.wordless else []),
        *(
            [f"{number(result.rewritten, 'success', 'successes')} with too much changed to name a fix"]
            if result.rewritten
            else []
        ),
        *([f"{number(result.masked, 'attempt')} that only hid the error"] if result.masked else []),
    ]
    return f"Of the failed calls {'; '.join(words)}"
