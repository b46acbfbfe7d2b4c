"""The page of the job ``tasks``."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from soma.synthesizer.wording import number, plain

from .model import Tasks

_AGENTS = 4


def render(result: Tasks, *, limit: int = 40) -> RenderableType:
    """The most attempted tasks, who attempted them and how they were found."""
    if not result.tasks:
        return Text(
            f"No task is known for {number(result.executions, 'execution')}. Executions become comparable when their "
            "source names a task, or when their first request says what is wanted."
        )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("task", overflow="fold", ratio=3)
    table.add_column("known by", no_wrap=True)
    table.add_column("runs", justify="right", no_wrap=True)
    table.add_column("agents", overflow="fold", ratio=2)
    for task in result.tasks[:limit]:
        names = [plain(name, 40) for name in task.agents]
        more = f" and {len(names) - _AGENTS} more" if len(names) > _AGENTS else ""
        found = task.found if task.texts < 2 else f"{task.found} ({task.texts})"
        table.add_row(
            Text(task.label), Text(found), Text(f"{task.executions:,}"), Text(", ".join(names[:_AGENTS]) + more)
        )
    lines: list[RenderableType] = [table]
    if len(result.tasks) > limit:
        lines.append(Text(f"and {number(len(result.tasks) - limit, 'further task')}", style="dim"))
    lines += [
        Text(f"Share work: {', '.join(plain(name, 40) for name in family.agents)} ({number(family.tasks, 'task')})")
        for family in result.families
    ]
    if result.untasked:
        lines.append(Text(f"Task not known: {number(result.untasked, 'execution')} of {result.executions:,}"))
    if result.capped:
        lines.append(Text("So many requests differ that not all were compared for likeness; equal ones were found."))
    return Group(*lines)
