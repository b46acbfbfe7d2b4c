"""Protobuf files hold the same traces as JSON files."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.otel import ADAPTER
from soma.errors import SourceError
from soma.source import Limits
from tests.adapters.reading import head_of, run, sniff, source_of

from .building import agent, placeless, request, tool

trace_pb2 = pytest.importorskip("opentelemetry.proto.trace.v1.trace_pb2")
json_format = pytest.importorskip("google.protobuf.json_format")

FILES = ("openinference-langchain.jsonl", "openllmetry-langchain.jsonl")


def message(value: dict[str, Any]) -> bytes:
    """OTLP/JSON as protobuf: the ids are hex there and base64 in protobuf's own JSON."""
    copy = json.loads(json.dumps(value))
    for group in copy["resourceSpans"]:
        for scope in group["scopeSpans"]:
            for span in scope["spans"]:
                for key in ("traceId", "spanId", "parentSpanId"):
                    span[key] = base64.b64encode(bytes.fromhex(span.get(key) or "")).decode()
    return bytes(json_format.ParseDict(copy, trace_pb2.TracesData()).SerializeToString())


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))


FRAMES = {
    "varint": lambda body: varint(len(body)) + body,
    "uint32": lambda body: len(body).to_bytes(4, "big") + body,
    "bare": lambda body: body,
}


@pytest.mark.parametrize("framing", FRAMES)
@pytest.mark.parametrize("name", FILES)
def test_protobuf_and_json_give_the_same_drafts(fixtures: Path, tmp_path: Path, name: str, framing: str) -> None:
    lines = [json.loads(line) for line in (fixtures / "otel" / name).read_text().splitlines()]
    path = tmp_path / "spans.bin"
    path.write_bytes(b"".join(FRAMES[framing](message(line)) for line in lines))
    match = sniff(ADAPTER, path)
    assert match is not None
    assert (match.confidence, match.variant) == (0.5, f"otlp-proto-{framing}")
    out = run(ADAPTER, path)
    assert out.damage == []
    assert placeless(out.executions) == placeless(run(ADAPTER, fixtures / "otel" / name).executions)


@pytest.mark.parametrize("framing", ["varint", "uint32"])
def test_decisions_point_at_the_message_that_holds_them(tmp_path: Path, framing: str) -> None:
    bodies = [message(request(agent(1))), message(request(tool(2)))]
    path = tmp_path / "spans.bin"
    path.write_bytes(b"".join(FRAMES[framing](body) for body in bodies))
    (execution,) = run(ADAPTER, path).executions
    (decision,) = execution.decisions
    assert path.read_bytes()[decision.offset : decision.offset + decision.length] == bodies[1]


@pytest.mark.parametrize("framing", FRAMES)
def test_a_torn_last_message_waits(tmp_path: Path, framing: str) -> None:
    frames = [FRAMES[framing](message(request(item))) for item in (agent(1), tool(2))]
    path = tmp_path / "spans.bin"
    path.write_bytes(b"".join(frames)[:-7])
    out = run(ADAPTER, path)
    assert out.damage == []
    assert out.sources[0].bytes_read == len(frames[0])
    assert [len(execution.decisions) for execution in out.executions] == [0]


def test_broken_messages_are_damage_and_the_others_are_read(tmp_path: Path) -> None:
    good = FRAMES["varint"](message(request(agent(1))))
    # A length-delimited field that claims more bytes than the message has.
    path = tmp_path / "spans.bin"
    path.write_bytes(good + FRAMES["varint"](b"\x0a\x7f\x0a\x01") + FRAMES["varint"](message(request(tool(2)))))
    out = run(ADAPTER, path)
    assert [damage.offset for damage in out.damage] == [len(good) + 1]
    assert len(out.executions) == 1 and len(out.executions[0].decisions) == 1


def test_messages_over_the_limit_are_damage(tmp_path: Path) -> None:
    path = tmp_path / "spans.bin"
    big = agent(1, attributes={"padding": "x" * 5000})
    path.write_bytes(FRAMES["varint"](message(request(tool(2)))) + FRAMES["varint"](message(request(big))))
    out = run(ADAPTER, path, limits=Limits(record_bytes=2000))
    assert len(out.damage) == 1 and "2,000 bytes" in out.damage[0].reason
    assert len(out.executions) == 1


def test_without_the_package_the_error_says_what_to_install(
    fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "spans.bin"
    path.write_bytes(message(request(agent(1))))
    for name in [name for name in sys.modules if name.startswith("opentelemetry")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    assert ADAPTER.sniff(head_of(path)) is not None, "recognised even so"
    with pytest.raises(SourceError) as caught:
        list(ADAPTER.read(source_of(ADAPTER, path), Limits()))
    assert caught.value.hint == "pip install 'soma-harvest[otel]'"
    assert run(ADAPTER, fixtures / "otel" / FILES[0]).executions, "JSON needs no package"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\n\n\n\n",
        b'{\n  "a": 1}',
        b"plain text, nothing else\n" * 50,
        bytes(range(256)) * 20,
        b"\x00" * 500,
        b"\x0a\x02\x0a\x00",
        b"SQLite format 3\x00" + bytes(400),
    ],
)
def test_other_bytes_are_not_claimed(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "thing.bin"
    path.write_bytes(data)
    assert sniff(ADAPTER, path) is None


def test_logs_in_protobuf_are_not_claimed(tmp_path: Path) -> None:
    logs_pb2 = pytest.importorskip("opentelemetry.proto.logs.v1.logs_pb2")
    logs = logs_pb2.LogsData()
    record = logs.resource_logs.add().scope_logs.add().log_records.add()
    record.time_unix_nano, record.body.string_value = 1_790_000_000_000_000_000, "hello"
    record.trace_id, record.span_id = bytes(range(16)), bytes(range(8))
    path = tmp_path / "logs.bin"
    path.write_bytes(logs.SerializeToString())
    assert sniff(ADAPTER, path) is None
