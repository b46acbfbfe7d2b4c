"""The page of the job ``healing``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from rich.console import Group as Lines
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from soma.synthesizer.jobs.gates.explain import in_points
from soma.synthesizer.stats import Difference, Estimate, Proportion
from soma.synthesizer.wording import number, percent, plain, points, probability, signed

from .model import Healing, Transition

_NAME = 20
_SHORT = {"not enough data": "too few"}


def render(result: Healing, *, limit: int = 8) -> RenderableType:
    """What was tried after each kind of failure, and how it went beside everything else that was tried."""
    lines: list[RenderableType] = [Text(_title(result), style="bold")]
    if result.transitions:
        lines += [Text(_counted(result)), Text()]
    groups = [list(own) for _, own in groupby(result.transitions, key=lambda one: one.failed)]
    for own in groups[:limit]:
        lines += [_table(own), Text()]
    if len(groups) > limit:
        lines += [Text(f"and {len(groups) - limit} further kinds of failure (--limit N)", style="dim"), Text()]
    lines += [Text(sentence) for sentence in _sentences(result)]
    lines += [Text(note) for note in result.notes]
    if result.rare:
        rare = f"{number(result.rare, 'transition')} of fewer than {result.least} executions not listed"
        lines.append(Text(rare, style="dim"))
    if result.ended:
        lines.append(
            Text(
                f"Not known: how {result.ended:,} of {number(result.failures, 'first failure')} went on, as the run "
                "ended before",
                style="dim",
            )
        )
    return Lines(*lines)


def _title(result: Healing) -> str:
    return f"After a failure · {number(result.failures, 'first failure')} with a next action · by {result.by}"


def _counted(result: Healing) -> str:
    return (
        f"Recovered: no failure in the {number(result.horizon, 'action')} after what was tried; each execution counts "
        "with its first failure of a kind. Points and pressure: this minus the others, within the same agent and, "
        "where they met there, the same task."
    )


def _table(own: list[Transition]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column(f"{plain(own[0].failed, _NAME)} failed, then", no_wrap=True)
    for name in ("runs", "recovered", "others", "points", "pressure", ""):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    for one in own:
        cells = (f"{one.executions:,}", _share(one.recovered), _share(one.base), _points(one.difference))
        style = "" if one.verdict == "different" else "dim"
        pressure = _pressure(one.change_difference)
        table.add_row(Text(plain(one.then, _NAME)), *cells, pressure, Text(_verdict(one), style=style))
    return table


def _share(shown: Proportion) -> str:
    return f"{percent(shown.rate)} of {shown.total:,}" if shown.total else "–"


def _points(difference: Difference | None) -> str:
    return "–" if difference is None else f"{signed(difference.estimate)} {in_points(difference.interval)}"


def _pressure(difference: Estimate | None) -> str:
    if difference is None or difference.interval is None:
        return "–"
    low, high = difference.interval.low, difference.interval.high
    return f"{difference.value:+.2f} [{low:+.2f}, {high:+.2f}]".replace("-", "−")


def _verdict(one: Transition) -> str:
    if one.verdict != "different" or one.difference is None:
        return _SHORT.get(one.verdict, one.verdict)
    return "better" if one.difference.estimate > 0 else "worse"


def _sentences(result: Healing) -> Iterator[str]:
    shown = [(one, one.difference) for one in result.transitions if one.verdict == "different" and one.difference]
    for one, difference in shown:
        yield (
            f"After a failed {plain(one.failed, _NAME)}, {plain(one.then, _NAME)} goes {_verdict(one)} than what else "
            f"was tried: {points(difference)}, q = {probability(one.q_value or 0.0)}.".replace("= <", "<")
        )
    if result.transitions and not shown:
        yield "No next step is shown to go better or worse than the others. What agents choose is not dealt by chance."
    elif shown:
        yield "Agents chose what to try: a difference may come from what made them choose it."
