"""The page of the job ``localize``: the most blamed decisions with the reasons in words."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from soma.synthesizer.commands import command_line, show_run
from soma.synthesizer.error_text import telling_line
from soma.synthesizer.jobs.chain.explain import MARKS
from soma.synthesizer.wording import number, percent, plain

from .model import Blamed, Localisation

_SHOWN = 5
_BAR = 20
_NOTHING = {
    "succeeded": "The task was achieved: there is no failure to put down to a decision.",
    "end not known": "Nothing says whether this run failed: no verdict, and it did not end in an error. "
    "soma outcomes tells soma how runs ended.",
    "no decision": "The run failed without a decision: its agent called no tool.",
}


def render(result: Localisation, *, limit: int = _SHOWN) -> RenderableType:
    """The run, its ranked decisions, what to look at."""
    parts: list[RenderableType] = [_head(result), Text()]
    if result.answer != "ranked":
        return Group(*parts, Text(_NOTHING[result.answer]), Text(), command_line(show_run(result.execution_id)))
    for decision in result.decisions[:limit]:
        parts += _decision(decision)
    left = result.decisions[limit:]
    if left:
        together = percent(sum(decision.share for decision in left))
        parts.append(Text(f"  … {number(len(left), 'further decision')} with {together} together", style="dim"))
    parts += [Text(), Text(_basis(result)), Text(), Text("Look at what was said and what came back:")]
    parts.append(command_line(show_run(result.execution_id)))
    return Group(*parts)


def _head(result: Localisation) -> Text:
    by = f" (by {plain(result.success_from, 40)})" if result.success_from and result.success is not None else ""
    ended = {True: "task achieved", False: "task not achieved", None: "success not known"}[result.success]
    about = [f"agent {plain(result.agent_id, 60) or '(not named)'}"]
    if result.task:
        about.append(f"task “{plain(result.task, 90)}”")
    lines = Text(" · ".join(about), style="bold")
    many = f" · {number(len(result.decisions), 'decision')}" if result.decisions else ""
    status = {"unknown": "how it ended is not known"}.get(result.status, result.status)
    lines.append(f"\n{status}, {ended}{by}{many}", style="bold")
    lines.append(f"\n{plain(result.execution_id, 200)}", style="not bold dim")
    if result.error:
        lines.append(f"\nended with: {plain(telling_line(result.error), 300)}", style="not bold red")
    return lines


def _decision(decision: Blamed) -> list[RenderableType]:
    mark, style = MARKS[decision.outcome]
    filled = round(_BAR * decision.share)
    line = Text(f"{percent(decision.share):>7} ", style="bold")
    line.append("█" * filled + "░" * (_BAR - filled), style="cyan")
    line.append(f"  {decision.number:>3} ")
    line.append(mark, style=style)
    line.append(f" {plain(decision.action, 80)}", style="bold")
    if decision.speaker:
        line.append(f"  by {plain(decision.speaker, 60)}", style="dim")
    reasons = "; ".join(decision.reasons) or "no single sign speaks against it"
    return [line, Padding(Text(plain(reasons, 400), style="dim"), (0, 0, 0, 9))]


def _basis(result: Localisation) -> str:
    if result.peers and result.from_peers > 0:
        return (
            f"Share of the blame. {percent(result.from_peers)} of it is the chance of success lost at choices that "
            f"{number(result.peers, 'run')} of the same task can be compared at; the rest follows signs in this trace. "
            "A ranking to start reading from, not a proof."
        )
    why = (
        f"the {number(result.peers, 'run')} of the same task whose end is known tell no choice apart"
        if result.peers
        else "no other run of the same task has a known end"
    )
    return (
        f"Share of the blame, from signs in this trace alone ({why}). A ranking to start reading from, not a proof; "
        "docs/localisation.md says how often it is right."
    )
