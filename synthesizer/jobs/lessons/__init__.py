"""Errors that were fixed: what was changed, how often that worked, and how often runs recovered without it."""

from __future__ import annotations

import msgspec

from soma.synthesizer.inputs import Queryable, answer
from soma.synthesizer.jobs import tasks

from .compute import WINDOW, lessons_of
from .model import Lesson, Lessons, Step
from .similarity import similarity
from .store import THRESHOLD, LessonStore, same_tool

__all__ = ["Lesson", "LessonStore", "Lessons", "run"]


def run(
    vault: Queryable,
    agent: str | None = None,
    tool: str | None = None,
    query: str | None = None,
    *,
    delta: float = 0.1,
    level: float = 0.95,
) -> Lessons:
    """The lessons of a vault, the best supported first; with ``query`` those about like errors, the likest first.

    Counts, intervals and verdicts are always over all agents of the vault: what is asked for only chooses.

    Args:
        vault: The snapshot to answer from.
        agent: Only lessons that this agent's executions taught.
        tool: Only of this tool or program (``bash``, ``exec:od``, ``od``).
        query: The text of an error.
        delta: Differences of a share below this do not matter.
        level: Of the intervals; ``1 - level`` is also the false discovery rate over all lessons.
    """
    found = lessons_of(
        answer(vault, Step, __name__, "query", (WINDOW,)), tasks.run(vault).assignments, delta=delta, level=level
    )
    chosen = [
        one
        for one in found.lessons
        if (agent is None or agent in one.agents) and (tool is None or same_tool(tool, one.tool))
    ]
    near: list[float] = []
    if query is not None:
        scored = [(similarity(query, one.error), one) for one in chosen]
        ranked = sorted((pair for pair in scored if pair[0] >= THRESHOLD), key=lambda pair: -pair[0])
        near, chosen = [score for score, _ in ranked], [one for _, one in ranked]
    return msgspec.structs.replace(found, lessons=tuple(chosen), agent=agent, tool=tool, query=query, near=tuple(near))
