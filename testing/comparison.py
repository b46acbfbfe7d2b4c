"""Are two readings the same, and if not, in what?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from soma import codec
from soma.model import ExecutionDraft

from .reading import Readout

_SHOWN = 60


def fingerprint(out: Readout) -> list[str]:
    """Everything a reading yielded, as text, sorted: equal for readings that yield the same in another order."""
    return sorted(codec.encode(_plain(item)) for item in out.items)


def difference(left: Readout, right: Readout) -> str | None:
    """In what two readings differ, in one line; ``None`` when they are the same."""
    one, other = fingerprint(left), fingerprint(right)
    if one == other:
        return None
    if len(one) != len(other):
        return f"{_counted(left)} against {_counted(right)}"
    if left.ids != right.ids:
        only = sorted((Counter(left.ids) - Counter(right.ids)).elements())
        return f"execution {only[0]!r} is only in one" if only else "other executions"
    pair = next((a, b) for a, b in zip(one, other, strict=True) if a != b)
    return _where(codec.decode(pair[0]), codec.decode(pair[1])) or "texts differ behind the part that is kept"


def unplaced(out: Readout) -> Readout:
    """The reading without a word of which source it came from, to compare readings of files at different places."""
    for item in out.items:
        item.source_id = ""
        for decision in item.decisions if isinstance(item, ExecutionDraft) else ():
            decision.source_id = ""
    return out


def calls(out: Readout) -> set[tuple[str, str]]:
    """Execution and own id of every decision that has one."""
    return {
        (execution.execution_id, decision.native_id)
        for execution in out.executions
        for decision in execution.decisions
        if decision.native_id
    }


def _counted(out: Readout) -> str:
    return f"{len(out.executions)} executions, {len(out.patterns)} patterns and {len(out.damage)} damages"


def _plain(item: Any) -> Any:
    # Clipped texts are no plain ones to the encoder.
    return msgspec.to_builtins(item, enc_hook=lambda value: "".join(value) if isinstance(value, str) else repr(value))


def _where(left: Any, right: Any, path: str = "") -> str | None:
    if isinstance(left, dict) and isinstance(right, dict):
        pairs: Iterable[tuple[str, Any, Any]] = (
            (f"{path}.{key}" if path else str(key), left.get(key), right.get(key)) for key in sorted({*left, *right})
        )
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        pairs = ((f"{path}[{at}]", a, b) for at, (a, b) in enumerate(zip(left, right, strict=True)))
    else:
        return None if left == right else f"{path} is {_short(left)} against {_short(right)}"
    return next((found for at, a, b in pairs if a != b and (found := _where(a, b, at))), None)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def first_missing(part: Iterable[str], whole: Iterable[str]) -> str | None:
    """The first of ``part`` that ``whole`` does not have."""
    known = set(whole)
    return next((item for item in sorted(part) if item not in known), None)
