"""The page of the job ``grade``: in half a minute, whether anything predicts failure here, and what."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group as Lines
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from soma.synthesizer.commands import command_line, soma
from soma.synthesizer.stats import Clustered, OddsRatio
from soma.synthesizer.wording import number, percent, plain, signed

from .model import LEAST_TASKS, RECOVERY_WITHIN, Area, Grade, Grades, Group, Verdict

_NAME = 19
_SHOWN = 2
_NOTHING = 0.005
_STYLES: dict[Verdict, str] = {"signal": "bold green", "no signal": "bold", "not enough data": "dim"}

_LEGEND = (
    "In others: in runs that succeeded. Odds ratio: seen in failed over successful runs of the same agent, about as "
    "long. AUC (failed/succeeded runs still running): of two such runs, how often the failing one scores higher; "
    "0.50 is chance, less speaks for success. Decisions left: to the end of failed runs, median and middle half. "
    "Calm: the next {calm} decisions hold no failure; elsewhere: at the same position of other runs. Intervals hold "
    "with tasks as units; false discoveries are bounded to {share}."
)


def render(result: Grades) -> RenderableType:
    """Every group: what was seen in failed and successful runs, and how well it tells them apart while they run."""
    if not result.groups:
        return Lines(
            Text("No run here has a known success: there is nothing to hold anything against.", style="bold"),
            *(Text(note, style="dim") for note in result.notes), Text(),
            Text("Tell soma how runs ended, then ask again:"), command_line(soma("outcomes", "FILE")),
        )  # fmt: skip
    lines: list[RenderableType] = []
    for group in result.groups:
        lines += [*_group(group, pooled=len(result.groups) > 1), Text()]
    lines += _learned(result)
    if result.never:
        lines.append(Text(f"Never seen here: {', '.join(result.never)}", style="dim"))
    lines += [Text(note, style="dim") for note in result.notes]
    lines.append(Text(_LEGEND.format(share=percent(1 - result.level), calm=RECOVERY_WITHIN), style="dim"))
    return Lines(*lines)


def _group(group: Group, *, pooled: bool) -> list[RenderableType]:
    name = "All frameworks together" if group.framework is None else plain(group.framework, 40)
    head = (
        f"{name} · {number(group.failed, 'run')} failed, {group.succeeded:,} succeeded · "
        f"{number(group.tasks, 'task')} · {number(group.agents, 'agent')}"
    )
    lines: list[RenderableType] = [Text(head, style="bold"), Text(_verdict(group), style=_STYLES[group.verdict])]
    if group.failed and group.succeeded:
        lines += [Text(), _table(group)]
        if (after := _after(group)) is not None and not (pooled and group.framework is None):
            lines += [Text(), after]
    return lines


def _verdict(group: Group) -> str:
    """The answer in a sentence."""
    if not group.failed or not group.succeeded:
        return "Nothing to tell apart: all of these runs ended alike."
    found = [grade for grade in group.grades if grade.kind != "baseline"]
    telling = [grade for grade in found if grade.verdict == "signal"]
    if not telling:
        if group.verdict == "no signal":
            return "No signal: what is known well enough here does not tell failing runs from succeeding ones."
        return f"Not enough data: {_missing(group)}"
    beyond = [grade for grade in telling if any(_beats(area) for area in grade.areas)]
    names = ", ".join(plain(grade.name, _NAME) for grade in telling)
    if beyond:
        best = ", ".join(plain(grade.name, _NAME) for grade in beyond)
        return f"Related to how runs end: {names}. More than which agent it is and how many errors: {best}."
    return f"Related to how runs end: {names}; but none tells more than which agent it is, or how many errors so far."


def _beats(area: Area) -> bool:
    return area.verdict == "signal" and all(
        over is not None and over.interval is not None and over.interval.low > 0
        for over in (area.over_agent, area.over_errors)
    )


def _missing(group: Group) -> str:
    areas = next((grade.areas for grade in group.grades if grade.kind == "aggregate"), ())
    more = [(area.more, area.after) for area in areas if area.more and area.auc is not None]
    if not more:
        return "no runs of both ends were still running after 3 decisions."
    least, after = min(more)
    return f"about {number(least, 'task')} more of the scarcer end, still running after {after} decisions, would tell."


def _moments(group: Group) -> list[int]:
    """The first two moments at which something can be said; ``--json`` holds all."""
    areas = next((grade.areas for grade in group.grades if grade.kind == "aggregate"), ())
    telling = [area.after for area in areas if area.auc is not None and area.auc.clusters >= LEAST_TASKS]
    return (telling or [area.after for area in areas if area.auc is not None])[:_SHOWN]


def _table(group: Group) -> Table:
    moments = _moments(group)
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("", no_wrap=True, max_width=_NAME, overflow="ellipsis")
    table.add_column("in failed", justify="right", no_wrap=True)
    table.add_column("in others", justify="right", no_wrap=True)
    table.add_column("odds ratio", no_wrap=True)
    for after in moments:
        area = next(area for area in group.grades[0].areas if area.after == after)
        table.add_column(f"AUC after {after} ({area.failed}/{area.succeeded})", no_wrap=True)
    shown = [grade for grade in group.grades if _worth(grade)]
    for grade in shown:
        table.add_row(*_row(grade, moments))
    return table


def _worth(grade: Grade) -> bool:
    """Whether there is anything to show: signals and patterns that were never seen are told in a line below."""
    seen = grade.prevalence
    return seen is None or bool(seen.failed.successes or seen.succeeded.successes) or grade.kind == "aggregate"


def _row(grade: Grade, moments: Sequence[int]) -> list[Text]:
    seen = grade.prevalence
    own = [
        Text(_named(grade), style="dim" if grade.kind == "baseline" else ""),
        Text(percent(seen.failed.rate) if seen else ""),
        Text(percent(seen.succeeded.rate) if seen else ""),
        Text(_odds(seen.odds) if seen else "", style=_STYLES[seen.verdict] if seen else ""),
    ]
    by_moment = {area.after: area for area in grade.areas}
    return [*own, *(_area(by_moment[after]) for after in moments)]


def _named(grade: Grade) -> str:
    """A floor may be called like a pattern; signals and patterns are called as everywhere."""
    name = plain(grade.name, _NAME)
    return f"floor {name.replace('_', ' ')}" if grade.kind == "floor" else name


def _odds(odds: OddsRatio | None) -> str:
    if odds is None or (odds.high is None and odds.low < _NOTHING):
        return "–"
    if odds.value is None:
        return f"≥ {odds.low:.2f}" if odds.high is None else f"≤ {_short(odds.high)}"
    return f"{odds.value:.2f} [{odds.low:.2f}, {_short(odds.high)}]"


def _short(value: float | None) -> str:
    return "∞" if value is None else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def _area(area: Area) -> Text:
    return Text(_told(area.auc), style=_STYLES[area.verdict])


def _told(value: Clustered | None) -> str:
    if value is None:
        return "–"
    if value.interval is None:
        return f"{value.value:.2f}"
    return f"{value.value:.2f} [{value.interval.low:.2f}, {value.interval.high:.2f}]"


def _after(group: Group) -> Table | None:
    """What came after the first time something was seen."""
    told = [grade for grade in group.grades if grade.lead is not None and grade.lead.executions >= LEAST_TASKS]
    if not told:
        return None
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("once it was seen", no_wrap=True, max_width=_NAME, overflow="ellipsis")
    table.add_column("decisions left", no_wrap=True)
    table.add_column("calm after", justify="right", no_wrap=True)
    table.add_column("elsewhere", justify="right", no_wrap=True)
    table.add_column("difference in points", no_wrap=True)
    for grade in told:
        lead, recovery = grade.lead, grade.recovery
        if lead is None or recovery is None or lead.median is None:
            continue
        over = recovery.difference
        points = ""
        if over is not None and over.interval is not None:
            points = f"{signed(over.value)} [{signed(over.interval.low)}, {signed(over.interval.high)}]"
        table.add_row(
            _named(grade), f"{lead.median:.0f} ({lead.quarter:.0f} to {lead.three_quarters:.0f})",
            f"{percent(recovery.rate)} of {recovery.firings:,}" if recovery.firings else "–",
            percent(recovery.base), points,
        )  # fmt: skip
    return table


def _learned(result: Grades) -> list[RenderableType]:
    """What the stored model is worth, in a line for each place it was held out."""
    if not result.learned:
        return [Text("No learned aggregator is stored (soma calibrate fits one).", style="dim")]
    lines: list[RenderableType] = []
    for one in result.learned:
        where = plain(one.framework, _NAME) if one.framework else "all"
        used = "used" if one.used else "not used: not shown to be better"
        lines.append(
            Text(
                f"Learned aggregator, {where} after {one.after}: {_told(one.learned)}, pressure {one.blend.value:.2f} "
                f"on held-out tasks" + ("" if one.framework is None and len(result.learned) > 1 else f" · {used}")
            )
        )
    return lines
