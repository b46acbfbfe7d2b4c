"""The page of ``soma replay``: the trajectory drawn, the table, and why modes changed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from soma.pressure.replay.keep import Kept
from soma.pressure.replay.run import Comparison, Point, Replay, Said, Summary
from soma.synthesizer.wording import number, plain

_STYLES = {"OBSERVE": "green", "GUIDE": "yellow", "WARN": "dark_orange3", "BLOCK": "red"}
_MARKS = {"ok": "✔", "failed": "✘", "timeout": "✘", "skipped": "○"}
_BLOCKS = " ▁▂▃▄▅▆▇█"
_WIDE, _HIGH = 76, 6
_ROWS = 24
_CHANGES = 40
_SAYINGS = 20
_SEVERITIES = {"info": "dim", "warn": "yellow", "critical": "red"}


def render(replay: Replay) -> RenderableType:
    """Everything about a replay, one agent after the other."""
    parts: list[RenderableType] = []
    for summary in replay.agents:
        points = [point for point in replay.points if point.agent == summary.agent]
        parts += [_head(summary), Text(), *_plot(points, replay), Text()]
    if not replay.agents:
        parts.append(Text("no action in it", style="dim"))
    parts += _changes(replay)
    if replay.firings:
        parts += [Text(), *_said(replay.firings)]
    elif replay.points:
        parts += [Text(), Text("no pattern would have said anything", style="dim")]
    if replay.points:
        parts += [Text(), _table(replay.points)]
    if replay.comparison is not None:
        parts += [Text(), *_compared(replay, replay.comparison)]
    parts += [Text(), _identity(replay)]
    return Group(*parts)


def render_kept(kept: Kept) -> RenderableType:
    """What ``soma replay --all`` did, and where to look at it."""
    if kept.executions:
        done = f"{number(kept.executions, 'execution')} with {number(kept.decisions, 'decision')} replayed"
        lines = [Text(f"{done}: patterns fired {number(kept.firings, 'time')}.")]
    else:
        lines = [Text("Nothing to replay: the pressure of every execution is kept already.")]
    if kept.removed:
        lines.append(Text(f"Rows of {number(kept.removed, 'execution')} that are gone were removed."))
    lines.append(Text(f"Vault version {kept.version}, engine {kept.engine}.    Next: soma gates · soma healing"))
    return Group(*lines)


def _head(summary: Summary) -> Text:
    text = Text(f"agent {plain(summary.agent, 60)} · {number(summary.actions, 'action')} · ", style="bold")
    text.append(f"peak pressure {summary.peak:.2f} at action {summary.peak_at}\n", style="bold")
    for name, count in summary.modes.items():
        text.append(f"{name} ", style=_STYLES[name] if count else "dim")
        text.append(f"{count}   ", style="" if count else "dim")
    text.append(
        "never WARN" if summary.first_warn is None else f"first WARN at action {summary.first_warn}", style="dim"
    )
    if summary.budget < 1.0:
        left = f"   budget left {100 * summary.budget:.0f} %" if summary.budget > 0 else "   budget exhausted"
        text.append(left, style="dim" if summary.budget > 0 else "red")
    return text


def _plot(points: Sequence[Point], replay: Replay) -> list[Text]:
    """Effective pressure over the actions in eighths of a line; of those that share a column the highest."""
    columns = [max(part, key=lambda point: point.effective) for part in _parts(points, _WIDE)]
    lines = []
    for row in range(_HIGH, 0, -1):
        line = Text(f"{row / _HIGH:>5.2f} ┤" if row in (_HIGH, _HIGH // 2) else "      │", style="dim")
        for point in columns:
            eighths = round(point.effective * _HIGH * 8) - (row - 1) * 8
            line.append(_BLOCKS[min(8, max(0, eighths))], style=f"not dim {_STYLES[point.mode]}")
        lines.append(line)
    lines.append(Text(f" 0.00 └{'─' * len(columns)}", style="dim"))
    limits = replay.configuration.thresholds
    told = f"GUIDE from {limits.guide:g} · WARN from {limits.warn:g} · BLOCK from {limits.block:g}"
    if len(columns) < len(points):
        told += f" · a column is the highest of up to {-(-len(points) // len(columns))} actions"
    lines.append(Text(f"       {told}", style="dim"))
    return lines


def _parts(points: Sequence[Point], most: int) -> list[Sequence[Point]]:
    count = min(most, len(points))
    ends = [len(points) * place // count for place in range(count + 1)]
    return [points[start:end] for start, end in pairwise(ends)]


def _changes(replay: Replay) -> list[RenderableType]:
    if not replay.changes:
        return [Text("the mode never changed", style="dim")] if replay.points else []
    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", title="Why the mode changed", title_justify="left")
    for name in ("action", "agent", "what", "mode", "pressure", "because of"):
        grid.add_column(name, justify="right" if name in {"action", "pressure"} else "left")
    for change in replay.changes[:_CHANGES]:
        mode = Text(f"{change.before} → ")
        mode.append(change.after, style=_STYLES[change.after])
        grid.add_row(str(change.number), Text(plain(change.agent, 24)), Text(plain(change.action, 28)), mode,
                     f"{change.effective:.2f}", Text(plain(change.reason, 60)))  # fmt: skip
    parts: list[RenderableType] = [grid]
    if len(replay.changes) > _CHANGES:
        parts.append(Text(f"… {len(replay.changes) - _CHANGES:,} more: --json has all", style="dim"))
    return parts


def _said(firings: Sequence[Said]) -> list[RenderableType]:
    """What the patterns would have told the agent, in order; of several at one action the one that speaks."""
    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", title="What would have been said",
                 title_justify="left")  # fmt: skip
    for name in ("action", "pattern", "what was seen, and the advice"):
        grid.add_column(name, justify="right" if name == "action" else "left")
    speaking = [said for said in firings if said.first]
    for said in speaking[:_SAYINGS]:
        words = Text(plain(said.what, 300))
        words.append(f"\n→ {plain(said.advice, 300)}", style="dim")
        grid.add_row(str(said.number), Text(said.pattern, style=_SEVERITIES[said.severity]), words)
    parts: list[RenderableType] = [grid]
    if len(speaking) > _SAYINGS:
        parts.append(Text(f"… {len(speaking) - _SAYINGS:,} more: --json has all", style="dim"))
    silent = len(firings) - len(speaking)
    if silent:
        parts.append(
            Text(f"{number(silent, 'finding')} of lesser weight at the same actions: --json has all", style="dim")
        )
    return parts


def _table(points: Sequence[Point]) -> RenderableType:
    """Every action of a short replay; of a long one the actions with the highest pressure, in order."""
    shown = points
    title = "Actions"
    if len(points) > _ROWS:
        highest = sorted(points, key=lambda point: (-point.effective, point.number))[:_ROWS]
        shown = sorted(highest, key=lambda point: point.number)
        title = f"The {_ROWS} actions of {len(points):,} with the highest pressure (--json has all)"
    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", title=title, title_justify="left")
    for name in ("#", "", "action", "mode", "own", "with others", "presses"):
        grid.add_column(name, justify="right" if name in {"#", "own", "with others"} else "left")
    for point in shown:
        pressing = ", ".join(
            f"{name.replace('_', ' ')} {value:.2f}" for name, value in point.pressures.items() if value >= 0.05
        )
        floor = f"floor {point.floor.replace('_', ' ')}" if point.floor else ""
        grid.add_row(str(point.number), _MARKS.get(point.outcome, "?"), Text(plain(point.action, 32)),
                     Text(point.mode, style=_STYLES[point.mode]), f"{point.pressure:.2f}", f"{point.effective:.2f}",
                     Text("; ".join(part for part in (floor, pressing) if part)))  # fmt: skip
    return grid


def _compared(replay: Replay, other: Comparison) -> list[RenderableType]:
    modes = ", ".join(f"{name} {count}" for name, count in other.modes.items())
    parts: list[RenderableType] = [
        Text(f"With the other configuration ({other.configuration_digest}): {modes}", style="bold")
    ]
    if not other.different:
        return [*parts, Text("  no action would have been in another mode", style="dim")]
    parts.append(
        Text(f"  {number(len(other.different), 'action')} of {len(replay.points):,} would have been different")
    )
    for item in other.different[:_ROWS]:
        budget = (
            ""
            if item.exhausted == item.other_exhausted
            else "  (budget exhausted)"
            if item.other_exhausted
            else "  (budget left)"
        )
        parts.append(Text(f"  {item.number:>6}  {plain(item.action, 32):<32}  {item.mode} → {item.other_mode}{budget}"))
    if len(other.different) > _ROWS:
        parts.append(Text(f"  … {len(other.different) - _ROWS:,} more: --json has all", style="dim"))
    return parts


def _identity(replay: Replay) -> Text:
    text = Text(
        f"engine {replay.engine} · configuration {replay.configuration_digest} · trajectory {replay.trajectory}",
        style="dim",
    )
    if replay.identical is not None:
        same = "bit-identical with the recording" if replay.identical else "NOT what was recorded"
        text.append(f" · {same}", style="green" if replay.identical else "red")
    if replay.recorded_engine != replay.engine:
        text.append(
            f"\nrecorded by engine {replay.recorded_engine}: another version may answer differently", style="yellow"
        )
    if replay.complete is False:
        text.append("\nactions are missing from the recording", style="red")
    return text
