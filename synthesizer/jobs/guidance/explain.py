"""The page of the job ``guidance``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group as Lines
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from soma.synthesizer.bars import NARROWEST, whisker
from soma.synthesizer.jobs.gates.explain import STYLES, evidence_words, in_points, more_words, test_words
from soma.synthesizer.wording import bounds, count, number, percent, plain, share, signed

from .model import Arm, Guidance, PatternGate, Shadow

_NAME = 40
_BAR = 25


def render(result: Guidance, *, limit: int = 20) -> RenderableType:
    """Every pattern with its arms and verdict; replayed firings apart."""
    lines: list[RenderableType] = [Text(_title(result), style="bold"), Text(_counted(result)), Text()]
    for one in result.patterns[:limit]:
        lines += [*_gate(one, result), Text()]
    if rest := len(result.patterns) - limit:
        lines += [Text(f"and {number(rest, 'further pattern')} (--limit N)", style="dim"), Text()] if rest > 0 else []
    if result.shadows:
        lines += [*_shadows(result.shadows, result), Text()]
    lines += [Text(note) for note in result.notes]
    if result.patterns:
        lines.append(
            Text(
                "The verdicts may be asked for after every firing: on average, at most "
                f"{100 * (1 - result.level):.0f} % of those that say better or worse are false."
            )
        )
    return Lines(*lines)


def verdict_words(one: PatternGate, delta: float) -> str:
    """A verdict in plain words."""
    after = "" if one.decided_after is None else f" (after {number(one.decided_after, 'pair')})"
    words = {
        "validated": "validated: being told helps",
        "refuted": "refuted: being told does harm",
        "alike": f"alike: told or not, within {100 * delta:g} points",
        "collecting": "collecting: not enough data",
    }
    return words[one.verdict] + after


def _title(result: Guidance) -> str:
    return f"Guidance patterns · {number(len(result.patterns), 'pattern')} on trial"


def _counted(result: Guidance) -> str:
    if result.outcome == "success":
        return "Counted: executions that achieved their task, once for the first firing in each."
    return (
        f"Counted: firings after which no action failed for {number(result.horizon, 'action')} and the pattern no "
        "longer matched."
    )


def _gate(one: PatternGate, result: Guidance) -> Iterator[RenderableType]:
    yield Text.assemble(
        (f"{plain(one.pattern, _NAME)} {one.version}", "bold"), f"  {one.status}  ",
        (verdict_words(one, result.delta), STYLES[one.verdict]),
    )  # fmt: skip
    table = Table.grid(padding=(0, 1))
    for justify in ("left", "right", "left", "right", "left", "left"):
        table.add_column(justify=justify, no_wrap=True)
    table.columns[2].min_width, table.columns[2].max_width = NARROWEST, _BAR
    for name, arm in (("told", one.treatment), ("not told", one.control)):
        table.add_row(*_arm(name, arm))
    yield Padding(table, (0, 0, 0, 2))
    for line in _lines(one, result):
        yield Padding(Text(line), (0, 0, 0, 2))


def _arm(name: str, arm: Arm) -> tuple[RenderableType, ...]:
    known = arm.outcome.total > 0
    success = f"success {count(arm.success)}" if arm.success.total else ""
    return (
        Text(name),
        Text(percent(arm.outcome.rate) if known else "–"),
        whisker(arm.outcome, width=_BAR),
        Text(count(arm.outcome) if known else f"0 of {arm.firings:,} known"),
        Text(bounds(arm.outcome.interval) if known else "", style="dim"),
        Text(success, style="dim"),
    )


def _lines(one: PatternGate, result: Guidance) -> Iterator[str]:
    if one.effect is not None:
        yield (
            f"{signed(one.effect.estimate)} points {in_points(one.effect.interval)}, "
            f"{test_words(one.effect, 'firings')}."
        )
        better = {"treatment": "being told", "control": "not being told", None: None}[one.better]
        yield (
            f"Right at every look: {in_points(one.interval)} points after {number(one.pairs, 'pair')}; "
            f"{evidence_words(one.e_value, one.q_value, better, result.level)}."
        )
    if one.more is not None:
        yield more_words(one.more, result.delta, "firings of each arm")
    if one.status == "retired":
        yield (
            f"Retired: not told to agents any more. {number(one.trial, 'pair')} of newer data; it comes back when "
            "they show that it helps, or as another version."
        )
    if one.revived:
        yield "Refuted once; data that came after that show that it helps."
    for caution in one.cautions:
        yield f"Be careful: {caution}"


def _shadows(shadows: Sequence[Shadow], result: Guidance) -> Iterator[RenderableType]:
    yield Text("Replayed firings: nobody was told anything", style="bold")
    yield Text(
        f"Recovery within {number(result.horizon, 'action')} after the first firing in each execution, beside the "
        "other positions of the same executions, where there are any. It tells when patterns fire, nothing about their "
        "messages."
    )
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("pattern", "firings", "executions", "recovered", "elsewhere", "difference, points"):
        table.add_column(name, justify="left" if name == "pattern" else "right", no_wrap=name != "difference, points")
    for one in shadows:
        table.add_row(*_shadow(one))
    yield table


def _shadow(one: Shadow) -> tuple[str, ...]:
    difference = "too few"
    if one.difference is not None and one.difference.interval is not None:
        difference = f"{signed(one.difference.value)} {in_points(one.difference.interval)}"
    return (
        plain(one.pattern, _NAME), f"{one.firings:,}", f"{one.executions:,}",
        share(one.outcome) if one.outcome.total else "not known", percent(one.elsewhere), difference,
    )  # fmt: skip
