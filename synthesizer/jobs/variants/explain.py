"""The page of the job ``variants``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group as Lines
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from soma.synthesizer import commands
from soma.synthesizer.bars import Whisker, whisker
from soma.synthesizer.stats import proportion
from soma.synthesizer.wording import bounds, count, duration, number, percent, plain, points, probability

from .model import FailurePrefix, Group, Shown, Spread, Variant, Variants
from .prefixes import LEAST_SUPPORT

_ACTIONS = 12
_ARROW = " → "
_NAME = 60
_LABEL = 100
_BAR = 21
_MOSTLY = 0.8


def render(result: Variants | Shown, *, limit: int = 8) -> RenderableType:
    """Group after group: how many variants explain most runs, each with how it ends; then the telling beginning."""
    groups = result.groups if isinstance(result, Shown) else len(result.groups)
    if isinstance(result, Shown):
        result = result.variants
    if not result.groups:
        return Text(_nothing(result))
    lines: list[RenderableType] = []
    for group in result.groups[:limit]:
        lines += [*_group(group, limit), Text()]
    rest = groups - limit
    if rest > 0:
        lines.append(
            Text(
                f"and {number(rest, 'further group')} of agents and tasks (--limit N, --agent NAME, --task TASK)",
                style="dim",
            )
        )
    if result.thin:
        pairs = number(result.thin, "agent on a task", "pairs of agent and task")
        lines.append(Text(f"{pairs} with fewer than {number(result.least, 'run')} not listed", style="dim"))
    if result.not_known:
        lines.append(Text(f"Not known: {'; '.join(result.not_known)}", style="dim"))
    return Lines(*lines)


def _nothing(result: Variants) -> str:
    if result.agent is not None:
        on = " on this task" if result.task is not None else ""
        return (
            f"{plain(result.agent, _NAME)} has no run on its own account{on}: those delegated to it are in "
            "soma signatures."
        )
    return "No runs to show. soma harvest PATH reads traces; soma status lists the agents of the vault."


def _group(group: Group, limit: int) -> Iterator[RenderableType]:
    yield Text(_title(group), style="bold")
    yield Text(_coverage(group))
    shown = group.variants[: min(group.covering, limit)]
    by_success = any(variant.success for variant in shown)
    yield _row("runs", Text("share", style="dim"), None, "success" if by_success else "completed", "")
    for variant in shown:
        yield from _variant(variant, by_success)
    rest = group.variants_total - len(shown)
    if rest:
        runs = group.executions - sum(variant.executions for variant in shown)
        yield Text(f"       and {number(rest, 'rarer variant')} with {number(runs, 'run')}", style="dim")
    yield from _beginning(group)


def _title(group: Group) -> str:
    who = "All agents" if group.agent_id is None else plain(group.agent_id, _NAME) or "(agent not named)"
    return who if group.task_label is None else f"{who} on “{plain(group.task_label, _LABEL)}”"


def _coverage(group: Group) -> str:
    verb = "explains" if group.covering == 1 else "explain"
    in_all = "" if group.covering == group.variants_total else f" of {group.variants_total:,}"
    return (
        f"{number(group.covering, 'variant') if not in_all else f'{group.covering:,}{in_all} variants'} {verb} "
        f"{percent(group.covered / group.executions)} of {number(group.executions, 'run')}"
    )


def _row(runs: str, share_of: Text, bar: Whisker | None, counted: str, interval: str) -> Table:
    row = Table.grid(padding=(0, 1))
    for width, right in ((6, True), (7, True), (_BAR, False), (13, True), (14, False)):
        row.add_column(justify="right" if right else "left", no_wrap=True, width=width)
    style = "" if bar else "dim"
    cells = (Text(runs, style="bold" if bar else "dim"), share_of, bar or Text(""), Text(counted, style=style))
    row.add_row(*cells, Text(interval, style="dim"))
    return row


def _variant(variant: Variant, by_success: bool) -> Iterator[RenderableType]:
    outcome = variant.success if by_success else variant.completed
    yield _row(
        f"{variant.executions:,}",
        Text(percent(variant.share.rate)),
        whisker(outcome or proportion(0, 0), width=_BAR),
        count(outcome) if outcome else "not known",
        bounds(outcome.interval) if outcome else "",
    )
    yield Padding(Text(_path(variant.path), style="cyan"), (0, 0, 0, 7))
    facts = list(_facts(variant))
    if facts:
        yield Padding(Text(" · ".join(facts), style="dim"), (0, 0, 0, 7))


def _path(path: Sequence[str]) -> str:
    if not path:
        return "(no decision recorded)"
    shown = _ARROW.join(plain(action, _NAME) for action in path[:_ACTIONS])
    return shown if len(path) <= _ACTIONS else f"{shown}{_ARROW}… and {len(path) - _ACTIONS:,} more"


def _facts(variant: Variant) -> Iterator[str]:
    many = variant.executions
    if (took := variant.duration_ms) is not None:
        between = "" if took.known == 1 else f" ({duration(took.low)} to {duration(took.high)})"
        yield f"median {duration(took.median)}{between}{_known(took, many)}"
    if (cost := variant.cost_usd) is not None:
        yield f"${cost.median:,.4f} a run, ${cost.total:,.4f} in all{_known(cost, many)}"
    if variant.agents > 1:
        yield number(variant.agents, "agent")
    if variant.tasks > 1:
        yield number(variant.tasks, "task")


def _known(spread: Spread, runs: int) -> str:
    return "" if spread.known == runs else f" (known of {spread.known:,})"


def _beginning(group: Group) -> Iterator[RenderableType]:
    does = "succeed" if group.measure == "success" else "complete"
    if group.failure is not None:
        yield from _failure(group, group.failure, does)
    elif group.tried:
        yield Text(f"Beginnings that lead to failure: none clear of {group.tried:,} compared.")
    elif group.executions >= 2 * LEAST_SUPPORT:
        yield Text(
            f"Beginnings that lead to failure: not enough data. It takes {LEAST_SUPPORT} runs that begin alike and "
            f"{LEAST_SUPPORT} that do not, on the same tasks and with known outcome."
        )


def _failure(group: Group, found: FailurePrefix, does: str) -> Iterator[RenderableType]:
    following = f"{percent(found.following.rate)} ({count(found.following)})"
    others = f"{percent(found.others.rate)} ({count(found.others)})"
    strata = f" by task, over {found.difference.strata:,}" if found.difference.strata > 1 else ""
    q = f"q = {probability(found.q_value)}".replace("= <", "<")
    yield Text.assemble(
        ("Runs that begin with ", ""),
        (_path(found.prefix), "cyan"),
        (f" {does} less often: {following} against {others} of the others on the same tasks, ", ""),
        (f"{points(found.difference)}{strata} ({q})", "bold"),
    )
    most, many = next(iter(found.agents.items()))
    if group.agent_id is None and many >= _MOSTLY * sum(found.agents.values()):
        yield Text(
            f"Be careful: {many:,} of these {sum(found.agents.values()):,} runs are of {plain(most, _NAME)}; the "
            "difference may be the agent's."
        )
    if found.examples:
        yield commands.command_line(commands.show_run(found.examples[0]))
