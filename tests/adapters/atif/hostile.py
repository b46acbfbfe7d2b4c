"""Values no adapter expects, where to put them, and what must hold of drafts whatever they were read from."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st

from soma.model import OUTCOMES, Kind, Status
from tests.adapters.reading import Readout

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5), st.just([]), st.just({}),
    st.sampled_from(["", "²", "9" * 5000, 10**400, 1e300, "{'a'", [[]], {"a": {"b": []}}, "\ud800", -1, [None], [1, 2],
                     {"0": 1}, "<function=", '{"commands": [1], "task_complete": true}', "PT9M", "[" * 500]),
)  # fmt: skip


def slots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all values inside a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(slot for key, item in items for slot in slots(item, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The value with one place changed; a path that an earlier change cut off changes nothing."""
    if not path:
        return new
    if isinstance(value, dict):
        reachable = path[0] in value
    else:
        reachable = isinstance(value, list) and isinstance(path[0], int) and path[0] < len(value)
    if not reachable:
        return value
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def check(out: Readout, prefix: str) -> None:
    """Every draft keeps to the vocabulary and the types of ``soma.model``."""
    for execution in out.executions:
        assert execution.execution_id.startswith(prefix) and execution.execution_id in execution.claims
        assert execution.status in get_args(Status)
        assert isinstance(execution.agent_id, str)
        assert all(isinstance(key, str) and isinstance(value, str) for key, value in execution.labels.items())
        for text in (execution.task_id, execution.task_text, execution.session_id, execution.model, execution.error):
            assert text is None or isinstance(text, str)
        for count in (execution.tokens_in, execution.tokens_out, execution.started_at, execution.ended_at):
            assert count is None or isinstance(count, int)
        for decision in execution.decisions:
            assert decision.outcome in OUTCOMES and decision.kind in get_args(Kind)
            assert isinstance(decision.tool, str) and (decision.tool or decision.action)
            assert isinstance(decision.turn, int) and decision.turn >= 0
            for text in (decision.output, decision.error, decision.reasoning, decision.model, decision.native_id):
                assert text is None or isinstance(text, str)
            for number in (decision.duration_ms, decision.cost_usd):
                assert number is None or isinstance(number, int | float)
            assert decision.started_at is None or isinstance(decision.started_at, int)
            assert decision.source_id and decision.length > 0
    for damage in out.damage:
        assert damage.reason and damage.source_id
