"""Drafts in, rows out: many executions at a time, column by column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate, chain, pairwise, repeat
from typing import TYPE_CHECKING, Any, NamedTuple

from soma.adapters.contract import Adapter
from soma.harvester.agents import AgentNames
from soma.harvester.redact import Batch, Redactor, Shares
from soma.harvester.rows import Rows
from soma.model import DecisionDraft, ExecutionDraft, PatternDraft
from soma.schema import DECISIONS, EXECUTIONS, INSIGHTS

from . import decisions as of_decisions
from . import executions as of_executions
from . import ids
from .bounds import ARGUMENT_BYTES, DECISION_TEXTS, EXECUTION_TEXTS, TASK_BYTES
from .decisions import Columns, Told
from .digests import Digests
from .executions import Course
from .extent import START, Extent, Tables
from .names import Names

if TYPE_CHECKING:
    import pyarrow as pa

_LONG = 4096
_PART = 1024
_PLACE = ("execution_id", "revision", "reading", "agent_id")


class Item(NamedTuple):
    """An execution that is to become rows.

    Attributes:
        draft: What the adapter says of it.
        adapter: The adapter.
        path: Of its source.
        revision, reading: Columns of its rows.
    """

    draft: ExecutionDraft
    adapter: Adapter
    path: str
    revision: int
    reading: int


class _Made(NamedTuple):
    """Decisions on their way into rows: columns that are done, and what has to be redacted first."""

    columns: Columns
    texts: dict[str, Sequence[str | None]]
    arguments: Sequence[Any]
    written: Sequence[Any]
    shares: Shares


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
        self._marks: list[tuple[str, Counter[str]]] = []
        self._batch = Batch(redactor, of_decisions.line)
        self._names = Names(redactor, self._credit)
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

    def add(self, items: Sequence[Item]) -> None:
        """Append the rows of executions, in the order their decisions were taken: of all or, if this raises, of none.

        A long execution is to be given alone: its draft has lost its decisions afterwards.
        """
        if not items:
            return
        self._redactor.take_counts()
        self._marks.clear()
        drafts = [item.draft for item in items]
        runs = Told.by(drafts, ExecutionDraft)
        each = Shares(runs.fields["source_id"], range(len(items)))
        place, parents, natives = self._place(items, runs, each)
        own = [ids.decision_ids(told, own_id) for told, own_id in zip(natives, place["execution_id"], strict=True)]
        told = {name: of_decisions.texts(runs.fields[name]) for name in EXECUTION_TEXTS}
        if self._away is not None and len(items) == 1 and len(drafts[0].decisions) > _LONG:
            courses = [Course([], [], set())]
            self._away(self._slices(drafts[0].decisions, own[0], place, each, courses[0]))
            made = None
        else:
            made, courses = self._made([draft.decisions for draft in drafts], own, 0, place, each)
        adapters = [item.adapter for item in items]
        columns = of_executions.columns(runs, adapters, courses, self._names, each)
        self.executions.extend({**columns, **place, **parents}, len(items))
        for name, limit in EXECUTION_TEXTS.items():
            self._batch.texts(self.executions.columns[name], told[name], limit, each)
        if made is not None:
            self._put(self.decisions, made)
        for owner, marks in self._marks:
            self._batch.credit(owner, marks)

    @property
    def is_full(self) -> bool:
        """Whether ``settle`` should be called: more would only take memory."""
        return self._batch.is_full

    def settle(self) -> None:
        """Redact the longer texts of the rows made so far."""
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

    def _place(self, items: Sequence[Item], runs: Told, each: Shares) -> tuple[Columns, Columns, list[list[str]]]:
        """Where rows belong and the ids of parents, for each execution; and the frameworks' own ids of its decisions.

        Names of executions are known from then on.
        """
        names = self._names
        agents: list[str] = []
        for item in items:
            agents.append(self._agent(item.draft.agent_id, item.path))
            self._credit(item.draft.source_id)
        natives = [ids.natives([decision.native_id for decision in item.draft.decisions]) for item in items]
        fields = runs.fields
        parts: list[Sequence[Any]] = [
            fields["execution_id"],
            fields["parent_execution_id"],
            fields["parent_decision_id"],
        ]
        if not names.are_plain(chain(*parts, *natives), chain(agents, of_executions.names_of(runs))):
            starts = [0, *accumulate(map(len, natives))]
            flat = names.ids(list(chain.from_iterable(natives)), Shares(each.owners, starts[:-1]))
            natives = [list(map(str, flat[start:end])) for start, end in pairwise(starts)]
            parts = [names.ids(part, each) for part in parts]
        return {
            "execution_id": parts[0],
            "revision": [item.revision for item in items],
            "reading": [item.reading for item in items],
            "agent_id": [name or "unnamed" for name in names.names(agents, each)],
        }, {"parent_execution_id": parts[1], "parent_decision_id": parts[2]}, natives  # fmt: skip

    def _slices(
        self, decisions: list[DecisionDraft], named: list[str], place: Columns, each: Shares, course: Course
    ) -> Iterator[pa.Table]:
        """The rows of a long execution, a part at a time; the drafts are let go as they become rows."""
        self._batch.settle()
        for start in range(0, len(named), _PART):
            yield self._slice(decisions, named[start : start + _PART], start, place, each, course)

    def _slice(
        self, decisions: list[DecisionDraft], named: list[str], start: int, place: Columns, each: Shares, course: Course
    ) -> pa.Table:
        """The rows of the next part. What they are made of ends with this call: a part more would be held else."""
        rows = Rows(DECISIONS)
        part = decisions[:_PART]
        del decisions[:_PART]
        made, courses = self._made([part], [named], start, place, each)
        course.add(courses[0])
        self._put(rows, made)
        self._batch.settle()
        return rows.arrow()

    def _made(
        self, taken: Sequence[Sequence[DecisionDraft]], named: Sequence[Sequence[str]], first: int, place: Columns,
        each: Shares,
    ) -> tuple[_Made, list[Course]]:  # fmt: skip
        """All that is to be put into rows, and the course of each execution.

        Args:
            taken: The decisions of each execution.
            named: Their ids.
            first: Step of the first of each of them.
            place: Where the rows of each execution belong.
            each: Whose each execution is.
        """
        sizes = [len(decisions) for decisions in taken]
        starts = [0, *accumulate(sizes)]
        said = Told.by(list(chain.from_iterable(taken)), DecisionDraft)
        shares = Shares(each.owners, starts[:-1])
        steps = list(chain.from_iterable(range(first, first + size) for size in sizes))
        columns = of_decisions.columns(said, steps, self._names, self._digests, shares)
        columns["decision_id"] = list(chain.from_iterable(named))
        for name in _PLACE:
            columns[name] = list(chain.from_iterable(map(repeat, place[name], sizes)))
        courses = of_executions.courses(said, columns, pairwise(starts))
        arguments = said.fields["arguments"]
        written = of_decisions.written(arguments)
        columns["arguments_digest"] = self._digests.of(written)
        texts = {name: of_decisions.texts(said.fields[name]) for name in DECISION_TEXTS}
        return _Made(columns, texts, arguments, written, shares), courses

    def _put(self, rows: Rows, made: _Made) -> None:
        rows.extend(made.columns, len(made.arguments))
        for name, limit in DECISION_TEXTS.items():
            self._batch.texts(rows.columns[name], made.texts[name], limit, made.shares)
        self._batch.objects(rows.columns["arguments"], made.arguments, made.written, ARGUMENT_BYTES, made.shares)

    def _credit(self, owner: str) -> None:
        """The marks that were set since the last time are ``owner``'s."""
        if self._redactor.counts:
            self._marks.append((owner, self._redactor.take_counts()))

    def _agent(self, told: str, path: str) -> str:
        name = self._agents.name(told, path)
        # A folder's name may be glued together from parts, as no other name is.
        return name if self._agents.override or told.strip() else self._redactor.path(name)
