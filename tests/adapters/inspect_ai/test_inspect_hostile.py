"""Nothing a file holds makes the adapter raise, and what it yields stays valid."""

from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soma import codec
from soma.adapters.inspect_ai import ADAPTER
from soma.model import OUTCOMES
from soma.source import Limits
from tests.adapters.reading import Readout, sniff

from .logs import answer, called, log, pack, read, sample, samples_of, write

WRONG: list[Any] = [None, True, 0, -1.5, 1 << 70, "", "text", "7", [], [[]], ["a", 1], {}, {"": {}}, {"a": [None]}]
SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def assert_valid(out: Readout) -> None:
    for execution in out.executions:
        assert execution.status in ("completed", "failed", "unknown")
        assert execution.execution_id in execution.claims
        assert execution.length > 0
        assert execution.success in (True, False, None)
        assert all(isinstance(item, str) for pair in execution.labels.items() for item in pair)
        for text in (execution.task_text, execution.error, execution.model, execution.task_id, execution.session_id):
            assert text is None or isinstance(text, str)
        for count in (execution.tokens_in, execution.tokens_out, execution.tokens_cache_read):
            assert count is None or count >= 0
        for decision in execution.decisions:
            assert decision.outcome in OUTCOMES
            assert decision.tool
            assert decision.length > 0
            assert codec.encode(decision.arguments)
            for text in (decision.output, decision.error, decision.reasoning, decision.native_id, decision.model):
                assert text is None or isinstance(text, str)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in items for place in places(item, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], new)
    return copy


@pytest.fixture(scope="module")
def whole(fixtures: Path) -> dict[str, Any]:
    """A small log with calls, events, spans and messages."""
    document: dict[str, Any] = json.loads((fixtures / "inspect" / "browser.json").read_text())
    raw = document["samples"][0]
    raw["attachments"] = {}
    raw["events"] = raw["events"][:14]
    raw["messages"] = raw["messages"][:4] + samples_of(fixtures / "inspect" / "log_tool_call_error.json")[0]["messages"]
    return document


@SETTINGS
@given(data=st.data())
def test_values_of_wrong_types_anywhere(data: st.DataObject, whole: dict[str, Any], tmp_path: Path) -> None:
    document: Any = whole
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.sampled_from(places(document)))
        document = replaced(document, place, data.draw(st.sampled_from(WRONG)))
    path = write(tmp_path / "log.json", document)
    sniff(ADAPTER, path)
    assert_valid(read(path))
    raw = document.get("samples") if isinstance(document, dict) else None
    one = raw[0] if isinstance(raw, list) and raw else document
    assert_valid(read(pack(tmp_path / "log.eval", {"header.json": document, "samples/1_epoch_1.json": one})))


@SETTINGS
@given(data=st.data())
@pytest.mark.parametrize("name", ["log_streaming.eval", "log_tool_call_error.json"])
def test_bytes_changed_or_cut_anywhere(data: st.DataObject, fixtures: Path, tmp_path: Path, name: str) -> None:
    content = bytearray((fixtures / "inspect" / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 10))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / name
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    sniff(ADAPTER, path)
    assert_valid(read(path))


def test_a_torn_archive_is_claimed_and_reported(fixtures: Path, tmp_path: Path) -> None:
    path = tmp_path / "torn.eval"
    path.write_bytes((fixtures / "inspect" / "log_streaming.eval").read_bytes()[:6000])
    assert sniff(ADAPTER, path) is not None
    out = read(path)
    assert out.executions == []
    (damage,) = out.damage
    assert "its end is missing" in damage.reason


def test_a_torn_document_is_claimed_and_reported(fixtures: Path, tmp_path: Path) -> None:
    path = tmp_path / "torn.json"
    path.write_bytes((fixtures / "inspect" / "browser.json").read_bytes()[:9000])
    assert sniff(ADAPTER, path) is not None
    out = read(path)
    assert (len(out.executions), len(out.damage)) == (0, 1)


def test_a_member_that_unpacks_to_too_much_is_left_packed(tmp_path: Path) -> None:
    bomb = b'{"id": "' + b"0" * (4 << 20) + b'"}'
    members = {"header.json": log(), "samples/1_epoch_1.json": bomb, "samples/2_epoch_1.json": sample(id=2)}
    out = read(pack(tmp_path / "a.eval", members), limits=Limits(record_bytes=1 << 20))
    assert [e.task_id for e in out.executions] == ["inspect:sums:2"]
    assert ["unpacks to more than 1,048,576 bytes" in damage.reason for damage in out.damage] == [True]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, 93])
def test_a_member_that_lies_about_its_size_is_not_unpacked_further(tmp_path: Path, method: int) -> None:
    packed = (
        zstd_log(tmp_path)
        if method == 93
        else pack(tmp_path / "a.eval", {"header.json": log(), "samples/1_epoch_1.json": b" " * (4 << 20) + b"{}"})
    )
    data = bytearray(packed.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")
    packed.write_bytes(data)
    out = read(packed, limits=Limits(record_bytes=1 << 16))
    assert out.executions == []
    assert len(out.damage) == 1


def zstd_log(tmp_path: Path, text: bytes = b" " * (4 << 20) + b"{}") -> Path:
    """An archive whose one sample is packed with zstd, as newer versions of Inspect do."""
    path = pack(tmp_path / "z.eval", {"header.json": log()}, zipfile.ZIP_STORED)
    squeezed = zstandard.ZstdCompressor().compress(text)
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo("samples/1_epoch_1.json")
        archive.writestr(info, squeezed)
        # What was stored is in fact compressed: both headers must say so.
        info.compress_type, info.file_size, info.CRC = 93, len(text), zlib.crc32(text)
        archive.infolist()[-1].compress_type = 93
    return path


def test_members_packed_with_zstd_are_read(tmp_path: Path) -> None:
    text = json.dumps(sample(answer(("a", "bash")), called("a", "bash"))).encode()
    (execution,) = read(zstd_log(tmp_path, text)).executions
    assert [(d.tool, d.outcome) for d in execution.decisions] == [("bash", "ok")]


def test_a_zstd_member_that_is_not_what_it_was_is_reported(tmp_path: Path) -> None:
    path = zstd_log(tmp_path, json.dumps(sample()).encode())
    data = bytearray(path.read_bytes())
    frame = data.index(b"\x28\xb5\x2f\xfd")
    data[frame + 12] ^= 0xFF
    path.write_bytes(data)
    out = read(path)
    assert (out.executions, len(out.damage)) == ([], 1)


def test_an_archive_without_header_and_journal_is_reported(tmp_path: Path) -> None:
    out = read(pack(tmp_path / "a.eval", {"samples/1_epoch_1.json": sample()}))
    assert [damage.reason for damage in out.damage] == ["the archive holds neither header.json nor _journal/start.json"]


def test_another_zip_archive_is_nobodys_log(tmp_path: Path) -> None:
    assert sniff(ADAPTER, pack(tmp_path / "a.eval", {"readme.txt": "samples", "header.json": {}})) is None


def test_samples_that_are_no_samples_are_reported_and_the_rest_read(tmp_path: Path) -> None:
    out = read(write(tmp_path / "log.json", log(5, sample(id=None), sample(id=True), sample(id=3))))
    assert [e.task_id for e in out.executions] == ["inspect:sums:3"]
    assert [damage.reason for damage in out.damage] == ["a sample that is no object", *["a sample without an id"] * 2]


def test_a_log_with_nan_in_it_is_read(tmp_path: Path) -> None:
    raw = log(sample(scores={"loss": {"value": float("nan")}}), sample(id=2, scores={"m": {"value": "C"}}))
    path = write(tmp_path / "log.json", raw)
    assert "NaN" in path.read_text()
    assert [(e.success, e.score) for e in read(path).executions] == [(None, None), (True, 1.0)]


def test_arguments_nested_to_great_depth_do_not_stop_the_reading(tmp_path: Path) -> None:
    deep = json.dumps(log(sample(called("a", "x", arguments={"x": "DEEP"}), called("b", "y"))))
    path = tmp_path / "log.json"
    for depth in (100, 600, 100_000):
        path.write_text(deep.replace('"DEEP"', "[" * depth + "]" * depth))
        out = read(path)
        assert len(out.executions) + len(out.damage) == 1
        assert [d.tool for e in out.executions for d in e.decisions] in (["x", "y"], [])


def test_spans_that_enclose_each_other_are_left(tmp_path: Path) -> None:
    spans = [
        {"event": "span_begin", "id": a, "parent_id": b, "type": "agent", "name": a}
        for a, b in (("a", "b"), ("b", "a"))
    ]
    path = write(tmp_path / "log.json", log(sample(*spans, called("x", "bash", span_id="a"))))
    assert [d.tool for d in read(path).executions[0].decisions] == ["bash"]
