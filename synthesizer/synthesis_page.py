"""What ``soma synthesize`` tells."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from .synthesize import Synthesis
from .wording import number


def render(result: Synthesis) -> RenderableType:
    """What was looked at, what was found, and what to type next."""
    lines: list[RenderableType] = []
    if result.nothing_new:
        lines.append(Text(f"Nothing new among {number(result.executions, 'execution')}: all answers are kept already."))
    else:
        seconds = sum(job.seconds for job in result.jobs)
        slow = max(result.jobs, key=lambda job: job.seconds)
        lines.append(
            Text(
                f"{number(result.executions, 'execution')} looked at ({result.paths:,} new paths) by "
                f"{number(len(result.jobs), 'job')} in {seconds:.1f} s, most of it {slow.job} {slow.seconds:.1f} s"
            )
        )
    if result.replayed:
        lines.append(Text(f"The pressure of {number(result.replayed, 'execution')} was replayed and kept"))
    words = [
        f"{result.found:,} new",
        f"{result.confirmed:,} found again",
        f"{result.unconfirmed:,} of earlier nights",
        f"{result.decayed:,} decayed",
    ]
    lines.append(Text(f"Findings: {', '.join(words)}"))
    if result.contradictions:
        lines.append(Text(f"{number(result.contradictions, 'pair')} of findings contradict each other", style="yellow"))
    lines.append(Text(f"Vault version {result.version}.    Next: soma insights · soma divergence · soma report"))
    return Group(*lines)
