"""Does an adapter say only what the bytes say: sound drafts, positions that lead there, capabilities that hold?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from soma.adapters.contract import FIELDS, Adapter, Knowledge
from soma.model import DecisionDraft, ExecutionDraft

from .drafts import faults
from .reading import read
from .samples import Sample, load
from .violation import Violation

_WORD = re.compile(r"[A-Za-z0-9_.-]+")
_LEAVES = 200
_FINISHED = frozenset({"ok", "failed", "timeout"})


def sound_drafts(adapter: Adapter, samples: Sequence[Path]) -> Iterator[Violation]:
    """Vocabulary, types and units of everything that is yielded; durations, tokens and success are not made up."""
    for sample in load(samples):
        out = read(adapter, sample.path)
        own = {source.source_id for source in out.sources}
        size = len(sample.data) if sample.is_json else None
        found = [fault for item in out.items for fault in faults(item, size)]
        found += [fault for execution in out.executions for fault in _whole(execution)]
        if any(item.source_id not in own for item in out.items):
            found.append("a draft points at a source that was not given (source_id)")
        yield from (Violation("sound_drafts", sample.name, fault) for fault in dict.fromkeys(found))


def _whole(draft: ExecutionDraft) -> Iterator[str]:
    if any(not decision.tool and not decision.action for decision in draft.decisions):
        yield f"execution {draft.execution_id!r} has a decision with neither a tool nor an action"
    if draft.started_at is not None and draft.ended_at is not None and draft.ended_at < draft.started_at:
        yield f"execution {draft.execution_id!r} ended before it started"
    for name in ("tokens_in", "tokens_out"):
        total = getattr(draft, name)
        of_decisions = sum(getattr(decision, name) or 0 for decision in draft.decisions)
        if total is not None and of_decisions > total:
            yield f"execution {draft.execution_id!r}: {name} is {total:,}, but its decisions sum up to {of_decisions:,}"


def positions(adapter: Adapter, samples: Sequence[Path]) -> Iterator[Violation]:
    """The bytes a decision points at hold its id, its tool, or something of what it was called with or answered."""
    for sample in load(samples):
        if not sample.is_json:
            continue
        out = read(adapter, sample.path)
        for execution in out.executions:
            for step, decision in enumerate(execution.decisions):
                if not _evident(decision, sample):
                    what = f"decision {step} of {execution.execution_id!r} ({decision.tool or decision.action})"
                    place = f"the {decision.length:,} bytes at {decision.offset:,}"
                    yield Violation("positions", sample.name, f"{what} is not in {place}")


def _evident(decision: DecisionDraft, sample: Sample) -> bool:
    region = sample.data[decision.offset : decision.offset + decision.length]
    said = [decision.reasoning, decision.output, decision.error]
    texts = [decision.native_id, decision.tool, decision.action.partition(":")[2], *_texts(decision.arguments), *said]
    words = [max(_WORD.findall(text), key=len, default="") for text in texts if text]
    known = [word.encode() for word in words if len(word) > 1]
    return any(word in region for word in known) if known else bool(region)


def _texts(value: Any) -> Iterator[str]:
    pending, seen = [value], 0
    while pending and seen < _LEAVES:
        seen += 1
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            pending += [*item, *item.values()]
        elif isinstance(item, list):
            pending += item


def capability_honesty(adapter: Adapter, samples: Sequence[Path]) -> Iterator[Violation]:
    """What is declared ``never`` never comes; what is declared ``given`` comes with every sample that could show it."""
    declared = adapter.capabilities.fields
    for name, knowledge in declared.items():
        if name not in FIELDS or knowledge not in get_args(Knowledge):
            yield Violation("capability_honesty", "", f"there is no capability {name!r}: {knowledge!r}")
    for sample in load(samples):
        executions = read(adapter, sample.path).executions
        for name in FIELDS:
            knowledge = declared.get(name, "never")
            shown = any(_SHOWN[name](execution) for execution in executions)
            if knowledge == "never" and shown:
                yield Violation("capability_honesty", sample.name, f"{name} is given, but declared never to be")
            elif knowledge == "given" and not shown and any(_COULD_SHOW[name](execution) for execution in executions):
                yield Violation("capability_honesty", sample.name, f"{name} is declared as given, but is not")


def _any(name: str) -> Callable[[ExecutionDraft], bool]:
    return lambda draft: any(getattr(decision, name) is not None for decision in draft.decisions)


def _decided(draft: ExecutionDraft) -> bool:
    return bool(draft.decisions)


def _ended(draft: ExecutionDraft) -> bool:
    return any(decision.outcome in _FINISHED for decision in draft.decisions)


def _failed(draft: ExecutionDraft) -> bool:
    return any(decision.outcome == "failed" for decision in draft.decisions)


def _never_owed(_: ExecutionDraft) -> bool:
    return False


_SHOWN: Mapping[str, Callable[[ExecutionDraft], bool]] = {
    "reasoning": _any("reasoning"),
    "arguments": _any("arguments"),
    "output": _any("output"),
    "error": lambda draft: draft.error is not None or _any("error")(draft),
    "alternatives": _any("alternatives"),
    "confidence": _any("confidence"),
    "started_at": lambda draft: draft.started_at is not None or _any("started_at")(draft),
    "duration_ms": _any("duration_ms"),
    "tokens": lambda draft: draft.tokens_in is not None or draft.tokens_out is not None or _any("tokens_in")(draft),
    "cost_usd": lambda draft: draft.cost_usd is not None or _any("cost_usd")(draft),
    "model": lambda draft: draft.model is not None or _any("model")(draft),
    "success": lambda draft: draft.success is not None,
    "task": lambda draft: draft.task_id is not None or draft.task_text is not None,
    "parent": lambda draft: draft.parent_execution_id is not None,
    "operator": lambda draft: draft.operator_id is not None,
}
# A run that failed nowhere owes no error, one that nobody started owes no parent.
_COULD_SHOW: Mapping[str, Callable[[ExecutionDraft], bool]] = {
    **dict.fromkeys(FIELDS, _decided),
    "output": _ended,
    "duration_ms": _ended,
    "error": _failed,
    "parent": _never_owed,
}
