"""The page of ``soma policies query``."""

from __future__ import annotations

from itertools import groupby

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from soma.synthesizer.wording import number, plain

from .model import Answer, Asked


def render(result: Asked) -> RenderableType:
    """Layer by layer: what binds, what is advised, what a team's own runs show, how agents did so far."""
    lines: list[RenderableType] = []
    for weight, answers in groupby(result.answers, key=lambda one: one.semantic_weight):
        some = list(answers)
        lines.append(Text(f"{weight} ({some[0].source_layer})", style="bold"))
        for one in some:
            lines += [Padding(Text(_head(one)), (0, 0, 0, 2)), Padding(Text(plain(one.says, 600)), (0, 0, 0, 5))]
        lines.append(Text())
    if not result.answers:
        lines.append(Text("Nothing to say. soma insights shows what was found; a person decides: soma governance list"))
    if result.total > len(result.answers):
        lines.append(Text(f"and {number(result.total - len(result.answers), 'more answer')} (--limit)", style="dim"))
    lines.append(Text(f"vault version {result.vault_version}", style="dim"))
    return Group(*lines)


def _head(one: Answer) -> str:
    facts = [plain(one.id, 160), one.kind]
    if one.severity is not None:
        facts.append(one.severity if one.binds or one.source_layer != "canon" else f"{one.severity}, in shadow")
    if one.confidence is not None:
        facts.append(f"confidence {one.confidence:.2f}")
    if one.ratified_by is not None:
        facts.append(f"ratified by {plain(one.ratified_by, 60)}")
    return " · ".join(facts)
