"""Drafts in, rows out: one execution at a time, its longer texts many executions at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from soma.adapters.contract import Adapter
from soma.harvester.agents import AgentNames
from soma.harvester.redact import Batch, Redactor
from soma.harvester.rows import Rows
from soma.model import DecisionDraft, ExecutionDraft, PatternDraft
from soma.schema import DECISIONS, EXECUTIONS, INSIGHTS

from . import decisions as of_decisions
from . import executions as of_executions
from . import ids
from .bounds import ARGUMENT_BYTES, DECISION_TEXTS, EXECUTION_TEXTS, TASK_BYTES
from .decisions import Told
from .digests import Digests
from .executions import Course
from .extent import START, Extent, Tables
from .names import Names

if TYPE_CHECKING:
    import pyarrow as pa

_LONG = 4096
_PART = 1024


class _Made(NamedTuple):
    """Decisions on their way into rows: columns that are done, and what has to be redacted first."""

    columns: dict[str, Sequence[Any]]
    texts: dict[str, Sequence[str | None]]
    arguments: Sequence[Any]
    written: Sequence[Any]


class Normaliser:
    """Turns drafts into rows.

    Args:
        key: The vault's secret key.
        redactor: Replaces secrets by typed marks.
        agents: Names agents that a trace leaves unnamed.
        away: Takes the decisions of a long execution, a table at a time, so that they never are in memory all at once;
            it takes all tables or, if making one raises, none.

    Attributes:
        executions, decisions, insights: The rows made so far, without those that were given away; longer texts are
            redacted and filled in many at a time.
    """

    def __init__(
        self,
        key: bytes,
        redactor: Redactor,
        agents: AgentNames,
        away: Callable[[Iterator[pa.Table]], None] | None = None,
    ) -> None:
        self._away = away
        self._redactor = redactor
        self._batch = Batch(redactor, of_decisions.line)
        self._names = Names(redactor)
        self._digests = Digests(key)
        self._agents = agents
        self.executions = Rows(EXECUTIONS)
        self.decisions = Rows(DECISIONS)
        self.insights = Rows(INSIGHTS)

    @property
    def extent(self) -> Extent:
        """How many rows were made so far."""
        return Extent(len(self.executions), len(self.decisions), len(self.insights))

    @property
    def redactions(self) -> Mapping[str, Counter[str]]:
        """Source id to the marks set in the rows of its executions, by kind; complete after ``tables``."""
        return self._batch.counts

    def tables(self, since: Extent = START, until: Extent | None = None) -> Tables:
        """The rows made between two extents.

        Raises:
            pyarrow.ArrowException, TypeError, OverflowError, UnicodeError: if an adapter said something that is no such
                value at all.
        """
        self._batch.settle()
        end = until or self.extent
        return Tables(
            self.executions.arrow(since.executions, end.executions),
            self.decisions.arrow(since.decisions, end.decisions),
            self.insights.arrow(since.insights, end.insights),
        )

    def forget(self) -> None:
        """Let go of all rows: they are tables now."""
        for rows in (self.executions, self.decisions, self.insights):
            for column in rows.columns.values():
                column.clear()

    def add(self, draft: ExecutionDraft, adapter: Adapter, path: str, revision: int, reading: int) -> None:
        """Append the rows of one execution, in the order its decisions were taken: all or, if this raises, none.

        The draft of a long execution has lost its decisions afterwards.
        """
        self._redactor.take_counts()
        decisions, owner, names = draft.decisions, draft.source_id, self._names
        agent = self._agent(draft.agent_id, path)
        natives = ids.natives(decisions)
        parents = (draft.parent_execution_id, draft.parent_decision_id)
        own_id = draft.execution_id
        if not names.are_plain((own_id, *parents, *natives), (agent, *of_executions.names_of(draft))):
            own_id, parents = names.id(own_id), (names.optional_id(parents[0]), names.optional_id(parents[1]))
            natives = natives if names.are_plain(natives) else list(map(names.id, natives))
        place: dict[str, Any] = {
            "execution_id": own_id,
            "revision": revision,
            "reading": reading,
            "agent_id": names.name(agent) or "unnamed",
        }
        decision_ids = ids.decision_ids(natives, own_id)
        told = {name: of_decisions.texts([getattr(draft, name)]) for name in EXECUTION_TEXTS}
        course = Course([], [], set())
        if self._away is not None and len(decisions) > _LONG:
            self._away(self._slices(decisions, decision_ids, place, owner, course))
            made = None
        else:
            made = self._made(decisions, decision_ids, 0, place, course)
        self.executions.add({
            **of_executions.row(draft, adapter, course, names),
            **place,
            "parent_execution_id": parents[0],
            "parent_decision_id": parents[1],
            "knows": of_executions.knows(draft, adapter, course),
        })  # fmt: skip
        for name, limit in EXECUTION_TEXTS.items():
            self._batch.texts(self.executions.columns[name], told[name], limit, owner)
        if made is not None:
            self._put(self.decisions, made, owner)
        self._batch.credit(owner)
        if self._batch.is_full:
            self._batch.settle()

    def add_pattern(self, draft: PatternDraft) -> None:
        """Append a pattern that another system found, as a proposal that waits for a person."""
        names = self._names
        self.insights.add({
            "insight_id": names.id(draft.pattern_id),
            "type": names.name(draft.pattern_type),
            "claim": self._redactor.bounded(draft.claim, TASK_BYTES),
            "confidence": draft.confidence,
            "agents": [names.name(agent) for agent in draft.agents],
            "evidence": [names.id(item) for item in draft.evidence],
            "status": "pending",
            "origin": "harvest",
            "seen_at": draft.seen_at,
            "source_id": draft.source_id,
            "source_offset": draft.offset,
            "source_length": draft.length,
        })  # fmt: skip

    def _slices(
        self, decisions: list[DecisionDraft], named: list[str], place: dict[str, Any], owner: str, course: Course
    ) -> Iterator[pa.Table]:
        """The rows of a long execution, a part at a time; the drafts are let go as they become rows."""
        self._batch.settle()
        for start in range(0, len(named), _PART):
            rows = Rows(DECISIONS)
            part = decisions[:_PART]
            del decisions[:_PART]
            self._put(rows, self._made(part, named, start, place, course), owner)
            self._batch.settle()
            yield rows.arrow()

    def _made(
        self, decisions: Sequence[DecisionDraft], named: list[str], first: int, place: dict[str, Any], course: Course
    ) -> _Made:
        """All that is to be put into rows; ``first`` is the step of the first of these decisions."""
        said = Told.by(decisions)
        columns = of_decisions.columns(said, first, self._names, self._digests)
        columns["decision_id"] = named[first : first + len(decisions)]
        columns |= {name: [value] * len(decisions) for name, value in place.items()}
        course.add(said, columns)
        arguments = said.fields["arguments"]
        written = of_decisions.written(arguments)
        columns["arguments_digest"] = self._digests.of(written)
        texts = {name: of_decisions.texts(said.fields[name]) for name in DECISION_TEXTS}
        return _Made(columns, texts, arguments, written)

    def _put(self, rows: Rows, made: _Made, owner: str) -> None:
        rows.extend(made.columns, len(made.arguments))
        for name, limit in DECISION_TEXTS.items():
            self._batch.texts(rows.columns[name], made.texts[name], limit, owner)
        self._batch.objects(rows.columns["arguments"], made.arguments, made.written, ARGUMENT_BYTES, owner)

    def _agent(self, told: str, path: str) -> str:
        name = self._agents.name(told, path)
        # A folder's name may be glued together from parts, as no other name is.
        return name if self._agents.override or told.strip() else self._redactor.path(name)
