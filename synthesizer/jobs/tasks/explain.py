"""The pages of the job ``tasks``."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from soma.synthesizer import commands
from soma.synthesizer.wording import number, plain

from .model import Detail, RuleUse, Task, Tasks

_AGENTS = 4
_WORDINGS = 12
_EXECUTIONS = 20
_TEXT = 400


def render(result: Tasks, *, limit: int = 40) -> RenderableType:
    """The most attempted tasks, who attempted them and how they were found; then what the rules did."""
    lines: list[RenderableType] = []
    if result.tasks:
        lines += _table(result, limit)
    else:
        lines.append(
            Text(
                f"No task is known for {number(result.executions, 'execution')}. Executions become comparable when "
                "their source names a task, or when their first request says what is wanted."
            )
        )
    lines += _rules(result)
    if result.untasked:
        lines.append(Text(f"Task not known: {number(result.untasked, 'execution')} of {result.executions:,}"))
    if result.cut:
        lines.append(Text(f"Known by the first 2 KiB of a longer request only: {number(result.cut, 'execution')}"))
    if result.capped:
        lines.append(Text("So many requests differ that not all were compared for likeness; equal ones were found."))
    return Group(*lines)


def _table(result: Tasks, limit: int) -> list[RenderableType]:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("task", overflow="fold", ratio=3)
    table.add_column("known by", no_wrap=True)
    table.add_column("runs", justify="right", no_wrap=True)
    table.add_column("agents", overflow="fold", ratio=2)
    for task in result.tasks[:limit]:
        table.add_row(
            Text(plain(task.label, 100)),
            Text(_known_by(task)),
            Text(f"{task.executions:,}"),
            Text(_agents(task.agents)),
        )
    lines: list[RenderableType] = [table]
    if len(result.tasks) > limit:
        lines.append(Text(f"and {number(len(result.tasks) - limit, 'further task')}", style="dim"))
    lines += [
        Text(f"Share work: {', '.join(plain(name, 40) for name in family.agents)} ({number(family.tasks, 'task')})")
        for family in result.families
    ]
    return lines


def _known_by(task: Task) -> str:
    """``template (7 texts)``, ``explicit (2 ids)``, ``explicit + text``."""
    if len(task.by) > 1:
        return " + ".join(task.by)
    if len(task.ids) > 1 and task.found == "explicit":
        return f"{task.found} ({len(task.ids):,} ids)"
    return task.found if task.texts < 2 else f"{task.found} ({task.texts:,} texts)"


def _agents(agents: dict[str, int]) -> str:
    names = [plain(name, 40) for name in agents]
    more = f" and {len(names) - _AGENTS:,} more" if len(names) > _AGENTS else ""
    return ", ".join(names[:_AGENTS]) + more


def _rules(result: Tasks) -> list[RenderableType]:
    if not result.rules:
        return []
    lines: list[RenderableType] = []
    used = [rule for rule in result.rules if rule.executions]
    if used:
        lines.append(Text("Decided by rules of the project"))
        lines += [Padding(Text(f"{_rule(rule)}: {number(rule.executions, 'run')}"), (0, 0, 0, 2)) for rule in used]
    for rule in result.rules:
        if not rule.executions:
            why = (
                f"decides nothing: the {number(rule.shadowed, 'run')} it fits go to earlier rules"
                if rule.shadowed
                else "fits no run: look for a slip, or remove it"
            )
            lines.append(Text(f"! {_rule(rule)} {why}", style="bold yellow"))
    return lines


def _rule(rule: RuleUse) -> str:
    target = "not comparable" if rule.task is None else f"task “{plain(rule.task, 60)}”"
    return f"rule {rule.number} ({plain(rule.conditions, 100)} → {target})"


def render_detail(detail: Detail) -> RenderableType:
    """One task: who attempted it, the requests that were taken together, and its executions."""
    task = detail.task
    lines: list[RenderableType] = [
        Text(plain(task.label, 100), style="bold"),
        Text(f"{plain(task.key, 200)} · {number(task.executions, 'run')} · known by {_known_by(task)}", style="dim"),
    ]
    lines.append(Text(", ".join(f"{plain(name, 40)} {many:,}" for name, many in task.agents.items())))
    if len(task.ids) > 1:
        lines.append(Text(f"Ids with equal text: {', '.join(plain(one, 80) for one in task.ids)}"))
    lines += [Text(), Text("Requests", style="bold"), _wordings(detail)]
    rest = len(detail.wordings) - _WORDINGS
    if rest > 0:
        lines.append(Text(f"and {number(rest, 'further request')}: --json lists all", style="dim"))
    lines += [Text(), Text("Runs", style="bold"), _members(detail)]
    rest = len(detail.executions) - _EXECUTIONS
    if rest > 0:
        lines.append(Text(f"and {number(rest, 'further run')}: --json lists all", style="dim"))
    lines.append(commands.command_line(commands.show_run(detail.executions[0].execution_id)))
    return Group(*lines)


def _wordings(detail: Detail) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    for place, wording in enumerate(detail.wordings[:_WORDINGS], 1):
        text = "(request not recorded)" if wording.text is None else plain(wording.text, _TEXT)
        table.add_row(
            Text(f"{place}", style="dim"),
            Text(f"{wording.executions:,} ×"),
            Text(wording.found, style="dim"),
            Text(text),
        )
    return table


def _members(detail: Detail) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True)
    for member in detail.executions[:_EXECUTIONS]:
        table.add_row(
            Text(plain(member.execution_id, 200)),
            Text(plain(member.agent_id, 40)),
            Text(f"request {member.wording:,}", style="dim"),
        )
    return table
