"""The page of the job ``calibrate``: the model beside the documented blend and two plain baselines."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from soma.synthesizer.commands import command_line, soma
from soma.synthesizer.stats import Clustered
from soma.synthesizer.wording import number, plain

from .model import Calibration, Cell

_NAME = 24


def render(result: Calibration) -> RenderableType:
    """The areas on held-out tasks, and where the model is used from now on."""
    done = "kept as they were: the data are the same" if result.kept else "fitted anew"
    head = f"Learned aggregator · {number(result.executions, 'run')} of known success that made more than 3 decisions"
    lines: list[RenderableType] = [
        Text(f"{head} ({result.failed:,} failed) · {number(result.tasks, 'task')}", style="bold"),
    ]
    if result.cells:
        lines += [
            Text(
                f"{number(len(result.models), 'model')} {done}. AUC: how often a failing run is told from a succeeding "
                "one, both still running then, on tasks the model was not fitted on; 0.50 is chance."
            ),
            Text(),
            _table(result),
            Text(),
            Text(_summary(result), style="bold"),
        ]
    lines += [Text(note, style="dim") for note in result.notes]
    if not result.cells:
        lines += [Text("Too little is known to learn from. Tell soma how runs ended, then ask again:")]
        lines.append(command_line(soma("outcomes", "FILE")))
    else:
        lines += [Text(), command_line(soma("grade"))]
    return Group(*lines)


def area(value: Clustered) -> str:
    """An area or a difference with its interval: ``0.70 [0.54, 0.83]``."""
    if value.interval is None:
        return f"{value.value:.2f}"
    return f"{value.value:.2f} [{value.interval.low:.2f}, {value.interval.high:.2f}]"


def gain(value: Clustered) -> str:
    """A difference with its sign and interval: ``+0.21 [+0.05, +0.38]``."""
    if value.interval is None:
        return f"{value.value:+.2f}"
    return f"{value.value:+.2f} [{value.interval.low:+.2f}, {value.interval.high:+.2f}]"


def _table(result: Calibration) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("after", no_wrap=True)
    table.add_column("runs of", no_wrap=True, max_width=_NAME, overflow="ellipsis")
    table.add_column("fail/not", justify="right", no_wrap=True)
    table.add_column("learned", no_wrap=True)
    for name in ("press.", "errors", "agent"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("gain on pressure", no_wrap=True)
    table.add_column("used", no_wrap=True)
    for cell in result.cells:
        table.add_row(*_row(cell))
    return table


def _row(cell: Cell) -> tuple[str | Text, ...]:
    return (
        str(cell.after), plain(cell.framework, _NAME) if cell.framework else "all",
        f"{cell.failed:,}/{cell.succeeded:,}",
        area(cell.learned), f"{cell.blend.value:.2f}", f"{cell.errors.value:.2f}", f"{cell.agent.value:.2f}",
        gain(cell.over_blend), Text("yes", style="bold green") if cell.used else "",
    )  # fmt: skip


def _summary(result: Calibration) -> str:
    used = [cell for cell in result.cells if cell.used]
    if not used:
        return "Used nowhere: it is not shown to be better than the documented pressure, which stays in force."
    where = "; ".join(f"{plain(cell.framework or '', _NAME)} after {cell.after}" for cell in used)
    beside = [cell for cell in used if cell.over_agent.interval and cell.over_agent.interval.low > 0]
    more = "" if len(beside) == len(used) else " Not everywhere does it tell more than which agent it is."
    return f"Better than the documented pressure, and used: {where}.{more}"
