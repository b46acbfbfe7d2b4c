"""From what an adapter says to what the vault holds: names, ids, digests, redaction and bounds, for all formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from soma import clock, codec, identity, text
from soma.action import enrich
from soma.action.signature import signature
from soma.adapters.contract import FIELDS, Adapter
from soma.model import OUTCOMES, DecisionDraft, ExecutionDraft, PatternDraft
from soma.schema import DECISIONS, EXECUTIONS, INSIGHTS, SCHEMA_VERSION

from .agents import AgentNames
from .redact import Batch, Redactor
from .resolve import native_part
from .rows import Rows

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = 2
"""Raised whenever the same drafts would become other rows."""

OUTPUT_BYTES = 2048
ERROR_BYTES = 2048
ARGUMENT_BYTES = 4096
REASONING_BYTES = 4096
TASK_BYTES = 2048
NAME_BYTES = 200
_NAMES_KEPT = 16 * 1024
_LONG = 4096
_PART = 1024
_INT32 = (1 << 31) - 1
_INT64 = (1 << 63) - 1

_KINDS = frozenset({"tool_choice", "branch", "retry", "delegation", "failure", "guard"})
_STATUSES = frozenset({"completed", "failed", "unknown"})
_ROLES = frozenset({"shell", "read", "search", "edit", "write", "web", "delegate", "message", "plan", "other"})

_DECISION_TEXTS = {"reasoning": REASONING_BYTES, "error": ERROR_BYTES, "output": OUTPUT_BYTES}
_EXECUTION_TEXTS = {"task_text": TASK_BYTES, "error": ERROR_BYTES}


def reader_version(adapter_versions: Mapping[str, int]) -> str:
    """Digest of everything besides a source's bytes that decides which rows they yield."""
    parts = [f"{name}:{version}" for name, version in sorted(adapter_versions.items())]
    return identity.digest("\n".join([f"normalise:{VERSION}", f"schema:{SCHEMA_VERSION}", *parts]))


class Extent(NamedTuple):
    """How many rows there are of each kind."""

    executions: int
    decisions: int
    insights: int


_START = Extent(0, 0, 0)


class Chosen(NamedTuple):
    """What an execution chose and with what outcome, in order."""

    actions: list[str]
    outcomes: list[str]


class _Made(NamedTuple):
    """Decisions on their way into rows: columns that are done, and what has to be redacted first."""

    columns: dict[str, list[Any]]
    texts: dict[str, list[str | None]]
    arguments: list[Any]
    written: list[Any]


class Tables(NamedTuple):
    """Rows as Arrow tables."""

    executions: pa.Table
    decisions: pa.Table
    insights: pa.Table

    @classmethod
    def joined(cls, parts: Sequence[Tables]) -> Tables:
        """The rows of all parts."""
        import pyarrow as pa

        kinds = (EXECUTIONS, DECISIONS, INSIGHTS)
        return cls(*(pa.concat_tables([kind.arrow().empty_table(), *(part[i] for part in parts)])
                     for i, kind in enumerate(kinds)))  # fmt: skip


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
        self._key = key
        self._redactor = redactor
        self._batch = Batch(redactor, _written)
        self._names: dict[str, str] = {}
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

    def tables(self, since: Extent = _START, until: Extent | None = None) -> Tables:
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
        decisions, owner = draft.decisions, draft.source_id
        place: dict[str, Any] = {
            "execution_id": self._id(draft.execution_id),
            "revision": revision,
            "reading": reading,
            "agent_id": self._name(self._agent(draft.agent_id, path)) or "unnamed",
        }
        ids = self._decision_ids(decisions, place["execution_id"])
        told = {name: [_text(getattr(draft, name))] for name in _EXECUTION_TEXTS}
        knows = _knows(draft, adapter)
        chosen = Chosen([], [])
        if self._away is not None and len(decisions) > _LONG:
            self._away(self._slices(decisions, ids, place, owner, chosen))
            made = None
        else:
            made = self._made(decisions, ids, 0, place, chosen)
        execution = self._execution_row(draft, adapter, chosen) | place | {"knows": knows}
        self.executions.add(execution)
        for name, limit in _EXECUTION_TEXTS.items():
            self._batch.texts(self.executions.columns[name], told[name], limit, owner)
        if made is not None:
            self._put(self.decisions, made, owner)
        self._batch.credit(owner)
        if self._batch.is_full:
            self._batch.settle()

    def _slices(
        self, decisions: list[DecisionDraft], ids: list[str], place: dict[str, Any], owner: str, chosen: Chosen
    ) -> Iterator[pa.Table]:
        """The rows of a long execution, a part at a time; the drafts are let go as they become rows."""
        self._batch.settle()
        for start in range(0, len(ids), _PART):
            rows = Rows(DECISIONS)
            part = decisions[:_PART]
            del decisions[:_PART]
            self._put(rows, self._made(part, ids, start, place, chosen), owner)
            self._batch.settle()
            yield rows.arrow()

    def _made(
        self, decisions: Sequence[DecisionDraft], ids: list[str], first: int, place: dict[str, Any], chosen: Chosen
    ) -> _Made:
        """All that is to be put into rows; ``first`` is the step of the first of these decisions."""
        columns = self._decision_columns(decisions, first)
        columns["decision_id"] = ids[first : first + len(decisions)]
        columns |= {name: [value] * len(decisions) for name, value in place.items()}
        chosen.actions.extend(columns["action"])
        chosen.outcomes.extend(columns["outcome"])
        arguments = [decision.arguments for decision in decisions]
        written = [_written(value) for value in arguments]
        columns["arguments_digest"] = [self._digest(value) for value in written]
        texts = {name: [_text(getattr(decision, name)) for decision in decisions] for name in _DECISION_TEXTS}
        return _Made(columns, texts, arguments, written)

    def _put(self, rows: Rows, made: _Made, owner: str) -> None:
        rows.extend(made.columns, len(made.arguments))
        for name, limit in _DECISION_TEXTS.items():
            self._batch.texts(rows.columns[name], made.texts[name], limit, owner)
        self._batch.objects(rows.columns["arguments"], made.arguments, made.written, ARGUMENT_BYTES, owner)

    def add_pattern(self, draft: PatternDraft) -> None:
        """Append a pattern that another system found, as a proposal that waits for a person."""
        self.insights.add({
            "insight_id": self._id(draft.pattern_id),
            "type": self._name(draft.pattern_type),
            "claim": self._redactor.bounded(draft.claim, TASK_BYTES),
            "confidence": draft.confidence,
            "agents": [self._name(agent) for agent in draft.agents],
            "evidence": [self._id(item) for item in draft.evidence],
            "status": "pending",
            "origin": "harvest",
            "seen_at": draft.seen_at,
            "source_id": draft.source_id,
            "source_offset": draft.offset,
            "source_length": draft.length,
        })  # fmt: skip

    def _execution_row(self, draft: ExecutionDraft, adapter: Adapter, chosen: Chosen) -> dict[str, Any]:
        """All but where the row belongs, what it knows and its longer texts."""
        taken = Counter(chosen.outcomes)
        return {
            "framework": draft.framework,
            "adapter": adapter.name,
            "adapter_version": adapter.version,
            "session_id": self._optional_name(draft.session_id),
            "parent_execution_id": self._optional_id(draft.parent_execution_id),
            "parent_decision_id": self._optional_id(draft.parent_decision_id),
            "task_id": self._optional_name(draft.task_id),
            "model": self._optional_name(draft.model),
            "status": draft.status if draft.status in _STATUSES else "unknown",
            "success": draft.success,
            "success_from": self._optional_name(draft.success_from),
            "score": draft.score,
            "started_at": draft.started_at,
            "ended_at": draft.ended_at,
            "duration_ms": clock.elapsed_ms(draft.started_at, draft.ended_at),
            "decisions": len(chosen.actions),
            **{outcome: taken[outcome] for outcome in OUTCOMES},
            "tokens_in": _count(draft.tokens_in),
            "tokens_out": _count(draft.tokens_out),
            "tokens_cache_read": _count(draft.tokens_cache_read),
            "tokens_cache_write": _count(draft.tokens_cache_write),
            "cost_usd": draft.cost_usd,
            "signature": signature(chosen.actions),
            "operator_id": self._optional_name(draft.operator_id),
            "team_id": self._optional_name(draft.team_id),
            "instance_id": self._optional_name(draft.instance_id),
            "labels": sorted({self._name(k): self._name(v) for k, v in draft.labels.items()}.items()),
            "source_id": draft.source_id,
            "source_offset": draft.offset,
            "source_length": draft.length,
        }

    def _decision_columns(self, decisions: Sequence[DecisionDraft], first: int) -> dict[str, list[Any]]:
        """All but ids, where the rows belong, the arguments and the longer texts."""
        chosen = [self._chosen(decision) for decision in decisions]
        return {
            "step": list(range(first, first + len(decisions))),
            "turn": [min(d.turn, _INT32) for d in decisions],
            "parent_decision_id": [self._optional_id(d.parent_decision_id) for d in decisions],
            "kind": [d.kind if d.kind in _KINDS else "tool_choice" for d in decisions],
            "action": [action for action, _ in chosen],
            "tool": [self._name(d.tool) for d in decisions],
            "role": [role for _, role in chosen],
            "output_digest": [self._digest(d.output) for d in decisions],
            "alternatives": [
                None if d.alternatives is None else list(map(self._name, d.alternatives)) for d in decisions
            ],
            "confidence": [d.confidence for d in decisions],
            "outcome": [d.outcome if d.outcome in OUTCOMES else "unknown" for d in decisions],
            "started_at": [d.started_at for d in decisions],
            "duration_ms": [d.duration_ms for d in decisions],
            "tokens_in": [_count(d.tokens_in) for d in decisions],
            "tokens_out": [_count(d.tokens_out) for d in decisions],
            "cost_usd": [d.cost_usd for d in decisions],
            "model": [self._optional_name(d.model) for d in decisions],
            "source_id": [d.source_id for d in decisions],
            "source_offset": [d.offset for d in decisions],
            "source_length": [d.length for d in decisions],
        }

    def _chosen(self, draft: DecisionDraft) -> tuple[str, str]:
        """Action and role."""
        action: str = draft.action
        role: str = draft.role
        if not (action and role):
            enriched = enrich(draft.tool, draft.arguments)
            action, role = action or enriched.action, role or enriched.role
        return self._name(action) or "unknown", role if role in _ROLES else "other"

    def _decision_ids(self, decisions: Sequence[DecisionDraft], execution_id: str) -> list[str]:
        natives = [native_part(decision.native_id) if decision.native_id else "" for decision in decisions]
        if not self._redactor.is_plain("\n".join(natives)):
            natives = [self._id(native) for native in natives]
        found: list[str] = []
        taken: set[str] = set()
        for step, native in enumerate(natives):
            decision_id = f"{execution_id}#{native}" if native else f"{execution_id}/{step}"
            repeat = 1
            # Some frameworks use one call id several times in a run; position in the run tells them apart.
            while decision_id in taken:
                repeat += 1
                decision_id = f"{execution_id}#{native}~{repeat}"
            taken.add(decision_id)
            found.append(decision_id)
        return found

    def _digest(self, value: str | None) -> str | None:
        return None if value is None else identity.digest(text.whole(value), key=self._key)

    def _name(self, value: str) -> str:
        """``value`` on one line, redacted and bounded. Names repeat: those that stay as they are need one look only."""
        if not value:
            return ""
        known = self._names.get(value)
        if known is not None:
            return known
        line = " ".join(value.split())
        name = self._redactor.bounded(line, NAME_BYTES)
        if name == line:
            if len(self._names) >= _NAMES_KEPT:
                self._names.clear()
            self._names[value] = name
        return name

    def _agent(self, told: str, path: str) -> str:
        name = self._agents.name(told, path)
        # A folder's name may be glued together from parts, as no other name is.
        return name if self._agents.override or told.strip() else self._redactor.path(name)

    def _optional_name(self, value: Any) -> str | None:
        return self._name(value) or None if isinstance(value, str) else None

    def _id(self, value: str) -> str:
        return self._redactor.text(value)

    def _optional_id(self, value: str | None) -> str | None:
        return None if value is None else self._id(value)


def _text(value: str | None) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError("an adapter gave something else for a text")
    return value


def _written(arguments: Any) -> Any:
    if arguments is None or isinstance(arguments, str):
        return arguments
    try:
        return codec.encode(arguments)
    except RecursionError:
        return '"[nested too deeply to be written]"'


def _count(value: int | None) -> int | None:
    return value if value is None or 0 <= value <= _INT64 else None


def _any_has(decisions: Sequence[DecisionDraft], field: str) -> bool:
    values = map(attrgetter(field), decisions)
    return next((True for value in values if value is not None), False)


def _knows(draft: ExecutionDraft, adapter: Adapter) -> list[tuple[str, str]]:
    """What this run could and could not tell, field by field: known, missing or cannot."""
    decisions = draft.decisions
    seen = {
        "success": draft.success is not None,
        "task": draft.task_id is not None or draft.task_text is not None,
        "parent": draft.parent_execution_id is not None,
        "operator": draft.operator_id is not None,
        "tokens": draft.tokens_in is not None or _any_has(decisions, "tokens_in"),
        "cost_usd": draft.cost_usd is not None or _any_has(decisions, "cost_usd"),
        "model": draft.model is not None or _any_has(decisions, "model"),
        "started_at": draft.started_at is not None,
        "duration_ms": _any_has(decisions, "duration_ms"),
    }
    told = []
    for field in FIELDS:
        known = seen[field] if field in seen else _any_has(decisions, field)
        possible = adapter.capabilities.fields.get(field, "never") != "never"
        told.append((field, "known" if known else "missing" if possible else "cannot"))
    return told
