"""The spellings of ids, times, kinds, statuses and attribute values."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.otel import ADAPTER, ids
from soma.adapters.otel.wire import WireSpan, any_value, spans_in
from tests.adapters.reading import sniff

from .building import TRACE, agent, only, read, request, tool

SPAN = "b7ad6b7169203331"


def one(value: Any) -> WireSpan:
    (span,) = spans_in(value)
    assert span is not None
    return span


@pytest.mark.parametrize(
    ("written", "trace"),
    [
        (TRACE, TRACE),
        (TRACE.upper(), TRACE),
        ("0x" + TRACE, TRACE),
        (int(TRACE, 16), TRACE),
        (str(int("9" + TRACE[1:], 16)), "9" + TRACE[1:]),
        (base64.b64encode(bytes.fromhex(TRACE)).decode(), TRACE),
        ("trace-1", "trace-1"),
        ("0" * 32, None),
        ("", None),
        (0, None),
        (-4, None),
        (1 << 128, None),
        (True, None),
        (None, None),
        (1.5, None),
        ([1], None),
    ],
)
def test_ids_in_one_spelling(written: Any, trace: str | None) -> None:
    assert ids.trace_id(written) == trace


def test_whole_numbers_beyond_double_precision_keep_every_digit() -> None:
    assert ids.span_id(15036084660665439760) == f"{15036084660665439760:016x}"
    assert ids.span_id("15036084660665439760") == f"{15036084660665439760:016x}"
    assert ids.span_id(base64.b64encode(bytes.fromhex(SPAN)).decode()) == SPAN


@pytest.mark.parametrize(
    "span",
    [
        {"traceId": TRACE, "spanId": SPAN, "startTimeUnixNano": "1790000000000000000", "kind": 3, "attributes": []},
        {"trace_id": TRACE, "span_id": SPAN, "start_time_unix_nano": 1790000000000000000, "kind": "SPAN_KIND_CLIENT"},
    ],
)
def test_camel_and_snake_case_requests(span: dict[str, Any]) -> None:
    camel = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    snake = {"resource_spans": [{"scope_spans": [{"spans": [span]}]}]}
    old = {"resourceSpans": [{"instrumentationLibrarySpans": [{"spans": [span]}]}]}
    for value in (camel, snake, old):
        found = one(value)
        assert (found.trace_id, found.span_id, found.start, found.client) == (TRACE, SPAN, 1790000000000000, True)
        assert found.parent_id is None


@pytest.mark.parametrize(
    "span",
    [
        {
            "spanContext": {"traceId": TRACE, "spanId": SPAN},
            "parentSpanContext": {"spanId": "1" * 16},
            "startTime": [1790000000, 500000000],
            "endTime": [1790000001, 0],
            "kind": 2,
            "status": {"code": 2, "message": "boom"},
            "attributes": {"a": 1},
            "resource": {"_rawAttributes": [["service.name", "shop"]]},
        },
        {
            "context": {"trace_id": "0x" + TRACE, "span_id": "0x" + SPAN, "trace_state": "[]"},
            "parent_id": "0x" + "1" * 16,
            "start_time": "2026-09-21T14:13:20.500000Z",
            "end_time": "2026-09-21T14:13:21.000000Z",
            "kind": "SpanKind.CLIENT",
            "status": {"status_code": "ERROR", "description": "boom"},
            "attributes": {"a": 1},
            "resource": {"attributes": {"service.name": "shop"}, "schema_url": ""},
        },
        {
            "context": {"trace_id": int(TRACE, 16), "span_id": int(SPAN, 16)},
            "parent": {"trace_id": int(TRACE, 16), "span_id": int("1" * 16, 16)},
            "start_time": 1790000000500000000,
            "end_time": 1790000001000000000,
            "kind": "client",
            "status": {"status_code": "error", "description": "boom"},
            "attributes": {"a": 1},
            "resource": {"attributes": {"service.name": "shop"}},
        },
    ],
)
def test_dumps_of_javascript_and_python_sdks(span: dict[str, Any]) -> None:
    for value in (span, [span], {"spans": [span], "final_output": None}):
        found = one(value)
        assert (found.trace_id, found.span_id, found.parent_id) == (TRACE, SPAN, "1" * 16)
        assert (found.start, found.end) == (1790000000500000, 1790000001000000)
        assert (found.status, found.message, found.client) == ("error", "boom", True)
        assert (found.attributes, found.resource) == ({"a": 1}, {"service.name": "shop"})


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ({"code": 0}, "unset"),
        ({}, "unset"),
        (None, "unset"),
        ({"code": 1}, "ok"),
        ({"code": "STATUS_CODE_OK"}, "ok"),
        ("OK", "ok"),
        ({"status_code": "StatusCode.OK"}, "ok"),
        ({"code": 2}, "error"),
        ({"code": "2"}, "error"),
        ("error", "error"),
        ({"code": "STATUS_CODE_ERROR"}, "error"),
        ({"code": [2]}, "unset"),
    ],
)
def test_statuses(written: Any, status: str) -> None:
    span = {"traceId": TRACE, "spanId": SPAN, "attributes": [], "status": written}
    assert one(span).status == status


def test_wrapped_attribute_values() -> None:
    assert any_value({"stringValue": ""}) == ""
    assert any_value({"intValue": "42"}) == 42
    assert any_value({"intValue": 42}) == 42
    assert any_value({"boolValue": False}) is False
    assert any_value({"arrayValue": {"values": [{"stringValue": "a"}, {"doubleValue": 1.5}]}}) == ["a", 1.5]
    nested = {"kvlistValue": {"values": [{"key": "k", "value": {"arrayValue": {}}}]}}
    assert any_value(nested) == {"k": []}
    assert any_value({"bytesValue": "AAE="}) == "AAE="
    assert any_value({}) is None


def test_values_that_nest_too_deeply_are_dropped() -> None:
    value: dict[str, Any] = {"stringValue": "deep"}
    for _ in range(3000):
        value = {"arrayValue": {"values": [value]}}
    found = any_value(value)
    depth = 0
    while isinstance(found, list):
        found, depth = found[0], depth + 1
    assert found is None and depth < 100


def test_the_nested_form_with_child_spans_is_another_format(tmp_path: Path) -> None:
    path = tmp_path / "trail.json"
    span = {"trace_id": TRACE, "span_id": SPAN, "span_name": "x", "span_attributes": {}, "child_spans": []}
    path.write_text(json.dumps({"trace_id": TRACE, "spans": [span]}))
    assert sniff(ADAPTER, path) is None


@pytest.mark.parametrize(
    "value",
    [
        {"resourceLogs": []},
        {"resourceMetrics": []},
        {"trace_id": TRACE, "run_type": "llm", "id": "x"},
        {"spans": []},
        {"spans": [{"name": "x"}]},
        [{"attributes": {}}],
        [1, 2],
        {"data": [{"object": "trace"}]},
    ],
)
def test_what_is_no_trace_data_is_not_claimed(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "thing.json"
    path.write_text(json.dumps(value))
    assert sniff(ADAPTER, path) is None


def test_logs_and_metrics_between_the_traces_are_passed_over(tmp_path: Path) -> None:
    out = read(tmp_path / "t.jsonl", {"resourceMetrics": []}, request(agent(1), tool(2)), {"resourceLogs": []})
    assert out.damage == []
    assert len(only(out).decisions) == 1
    match = sniff(ADAPTER, tmp_path / "t.jsonl")
    assert match is not None and match.variant == "otlp-jsonl"


def test_spans_without_ids_and_foreign_lines_are_counted_as_damage(tmp_path: Path) -> None:
    nameless = {**tool(3), "spanId": ""}
    out = read(tmp_path / "t.jsonl", request(agent(1), tool(2), nameless), {"hello": "world"})
    assert [damage.reason for damage in out.damage] == [
        "1 spans without a trace id or span id",
        "no spans where trace data was expected",
    ]
    assert len(only(out).decisions) == 1
