"""Whatever a trace holds, reading it yields drafts or damage, never an exception."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soma.adapters.otel import ADAPTER
from soma.model import OUTCOMES, ExecutionDraft
from tests.adapters.reading import Readout, run

from .building import read, request, span, tool

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5), st.just([]), st.just({}),
    st.sampled_from(["", "²", "9" * 5000, 10**400, 1e300, "{'a'", '{"lc": 1, "kwargs": []}', [[]], {"a": {"b": []}},
                     "\ud800", -1, "STATUS_CODE_ERROR", {"code": {}}, [None], [1, 2], {"0": 1}]),
)  # fmt: skip
KINDS = (("completed", "failed", "unknown"), ("tool_choice", "delegation"))


def slots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all values inside a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(slot for key, item in items for slot in slots(item, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def check(out: Readout) -> None:
    for execution in out.executions:
        assert isinstance(execution, ExecutionDraft)
        assert execution.execution_id.startswith("otel:") and execution.execution_id in execution.claims
        assert execution.status in KINDS[0]
        assert isinstance(execution.agent_id, str)
        for text in (execution.task_id, execution.task_text, execution.session_id, execution.model, execution.error):
            assert text is None or isinstance(text, str)
        for count in (execution.tokens_in, execution.tokens_out, execution.started_at, execution.ended_at):
            assert count is None or isinstance(count, int)
        natives = [decision.native_id for decision in execution.decisions]
        assert len(natives) == len(set(natives))
        for decision in execution.decisions:
            assert decision.outcome in OUTCOMES and decision.kind in KINDS[1]
            assert isinstance(decision.tool, str) and decision.tool
            assert decision.arguments is None or isinstance(decision.arguments, str | dict)
            for text in (decision.output, decision.error, decision.reasoning, decision.model):
                assert text is None or isinstance(text, str)
            assert decision.duration_ms is None or decision.duration_ms >= 0
            assert decision.source_id and decision.length > 0


def small(fixtures: Path, name: str) -> Any:
    path = fixtures / "otel" / name
    if path.suffix == ".json":
        return json.loads(path.read_text())
    # The shortest spans of the file, every kind of them once.
    found: dict[str, Any] = {}
    for line in sorted(path.read_text().splitlines(), key=len):
        value = json.loads(line)
        kind = value["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"]
        found.setdefault(kind, value["resourceSpans"][0])
    return {"resourceSpans": list(found.values())}


@pytest.mark.parametrize(
    "name", ["openinference-langchain.jsonl", "openllmetry-langchain.jsonl", "any-agent-google.json", "vercel-ai.json"]
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_values_of_any_type_anywhere(fixtures: Path, tmp_path: Path, name: str, data: st.DataObject) -> None:
    value = small(fixtures, name)
    for _ in range(data.draw(st.integers(1, 4))):
        value = replaced(value, data.draw(st.sampled_from(slots(value))), data.draw(VALUES))
    path = tmp_path / "mutated.json"
    path.write_text(json.dumps(value))
    check(run(ADAPTER, path))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 13_000), flips=st.lists(st.tuples(st.integers(0, 13_000), st.integers(0, 255)), max_size=6))
def test_bytes_of_any_kind_anywhere(fixtures: Path, tmp_path: Path, cut: int, flips: list[tuple[int, int]]) -> None:
    original = (fixtures / "otel" / "any-agent-google.json").read_bytes()
    mutated = bytearray(original[: len(original) - cut])
    for position, byte in flips:
        if position < len(mutated):
            mutated[position] = byte
    path = tmp_path / "mutated.json"
    path.write_bytes(bytes(mutated))
    check(run(ADAPTER, path))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flips=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=6), cut=st.integers(0, 300))
def test_protobuf_bytes_of_any_kind_anywhere(tmp_path: Path, flips: list[tuple[int, int]], cut: int) -> None:
    pytest.importorskip("opentelemetry.proto.trace.v1.trace_pb2")
    from .test_otel_protobuf import FRAMES, message

    body = b"".join(FRAMES["varint"](message(request(tool(number, None)))) for number in range(1, 4))
    mutated = bytearray(body[: len(body) - cut])
    for position, byte in flips:
        if position < len(mutated):
            mutated[position] = byte
    path = tmp_path / "mutated.bin"
    path.write_bytes(bytes(mutated))
    check(run(ADAPTER, path))


def test_attributes_of_every_name_with_values_of_every_type(tmp_path: Path) -> None:
    from soma.adapters.otel import conventions

    names = {
        name
        for aliases in vars(conventions).values()
        if isinstance(aliases, tuple)
        for name in aliases
        if isinstance(name, str)
    }
    checked = 0
    for role in ({"openinference.span.kind": kind} for kind in ("LLM", "TOOL", "AGENT", "CHAIN", "EVALUATOR")):
        for hostile in (
            "²",
            "[[[[",
            '[{"role": []}]',
            '{"messages": 3}',
            10**30,
            [1, [2]],
            True,
            {"type": "tool", "data": 3},
        ):
            item = span(1)
            item["attributes"] = {**role, **dict.fromkeys(names, hostile)}
            check(read(tmp_path / "t.json", request(item, tool(2))))
            checked += 1
    assert checked == 40


def test_long_chains_of_spans_are_walked_without_recursion(tmp_path: Path) -> None:
    spans = [span(number, number - 1 or None) for number in range(1, 5000)]
    out = read(tmp_path / "t.json", request(*spans, tool(5000, 4999)))
    check(out)
    assert len(out.executions) == 1


def test_deeply_nested_json_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_text('{"resourceSpans": ' + "[" * 100_000 + "]" * 100_000 + "}")
    out = run(ADAPTER, path)
    assert out.executions == [] and len(out.damage) == 1
