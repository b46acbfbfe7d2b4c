"""Huge lines: read in a few megabytes, decoded to what matters of them, other lines untouched."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soma.adapters.blocks import long_lines
from soma.adapters.blocks.jsonl import read_lines, split_lines, starts_with_an_object_line
from soma.source import DEFAULT_LIMITS, Damage, Record, Source

SMALL = 100
TEXTS = st.text(max_size=300) | st.text(alphabet='"\\/\n\té€😀\ud83da', max_size=300)
VALUES = st.dictionaries(st.text(max_size=8), TEXTS | st.integers() | st.lists(TEXTS, max_size=3), max_size=4)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything beyond some bytes is long."""
    _shrink(monkeypatch)


def _shrink(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(long_lines, "_LONG_TEXT", SMALL)
    patched.setattr(long_lines, "_KEPT", SMALL // 2)
    patched.setattr("soma.adapters.blocks.jsonl.LONG_LINE", 2 * SMALL)


def _source(path: Path) -> Source:
    return Source(str(path), "s", size=path.stat().st_size)


def _shortened(line: bytes, pieces: int) -> bytes:
    short = _given(line, pieces)
    assert short is not None
    return short


def _given(line: bytes, pieces: int) -> bytes | None:
    shortener = long_lines.Shortener()
    for start in range(0, len(line), pieces):
        shortener.feed(line[start : start + pieces])
    return shortener.line()


def _cut(value: Any, raw: Any) -> bool:
    """Whether ``value`` is ``raw`` with its long texts cut."""
    if isinstance(value, dict):
        return len(value) == len(raw) and all(_cut(value[key], raw[key]) for key in raw)
    if isinstance(value, list):
        return len(value) == len(raw) and all(map(_cut, value, raw))
    if isinstance(value, str) and value != raw:
        written = json.dumps(raw)[1:-1].encode()
        kept, _, note = value.rpartition(" ... [")
        return len(written) > SMALL and raw.startswith(kept) and hashlib.sha256(written).hexdigest() in note
    return bool(value == raw)


@given(VALUES, st.integers(1, 40))
@settings(deadline=None, max_examples=300)
def test_only_long_texts_are_cut_however_the_line_comes_in_pieces(value: dict[str, Any], pieces: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        _shrink(patched)
        line = json.dumps(value).encode()
        short = _shortened(line, pieces)
        assert short == _shortened(line, len(line) + 1)
        assert _cut(json.loads(short), value)


@given(
    st.binary(max_size=400)
    | st.lists(st.sampled_from([b'"', b"\\", b"\\u12", b"\xf0\x9f", b"x" * 60, b"{}"])).map(b"".join)
)
@settings(deadline=None, max_examples=300)
def test_bytes_that_are_no_json_do_no_harm(data: bytes) -> None:
    with pytest.MonkeyPatch.context() as patched:
        _shrink(patched)
        short = _shortened(data, 7)
        assert short == _shortened(data, len(data) + 1)
        assert len(short) <= len(data) + 120 * data.count(b'"')


def test_texts_that_differ_beyond_the_cut_still_differ(small: None) -> None:
    one, other = (_shortened(json.dumps({"a": "x" * 500 + end}).encode(), 64) for end in "yz")
    assert one != other and len(one) < 300


def test_records_keep_their_places_and_lengths(small: None, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [{"n": 0}, {"n": 1, "text": "long " * 1000, "list": [1, 2]}, {"n": 2}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"torn": "' + "x" * 5000)
    source = _source(path)
    records = [item for item in read_lines(source, DEFAULT_LIMITS) if isinstance(item, Record)]
    data = path.read_bytes()
    assert [record.value["n"] for record in records] == [0, 1, 2]
    assert [json.loads(data[r.offset : r.offset + r.length]) for r in records] == lines
    assert records[1].value["list"] == [1, 2] and len(records[1].value["text"]) < 200
    assert source.bytes_read == data.index(b'{"torn')


def test_a_long_line_that_is_no_json_is_damage_of_its_length(small: None, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n{"text": "' + "x" * 5000 + '",}\n{"a": 2}\n')
    (damage,) = [item for item in read_lines(_source(path), DEFAULT_LIMITS) if isinstance(item, Damage)]
    assert (damage.offset, damage.length) == (9, 5014) and damage.reason.startswith("no JSON")


def test_reading_a_huge_line_takes_a_fraction_of_it(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("w") as stream:
        stream.write('{"text": "')
        for _ in range(60):
            stream.write("mail \\n" * 150_000)
        stream.write('"}\n{"a": 1}\n')
    source = _source(path)
    assert source.size > 60_000_000
    tracemalloc.start()
    try:
        lines = [(offset, size) for offset, size, line, _ in split_lines(source, 1 << 28) if line is not None]
        records = [item for item in read_lines(source, DEFAULT_LIMITS) if isinstance(item, Record)]
        assert starts_with_an_object_line(source)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert lines == [(0, source.size - 9), (source.size - 9, 9)]
    assert [record.length for record in records] == [source.size - 9, 9]
    assert peak < 1.1 * source.size


class TestALineOfTooManyValues:
    """What is huge for its many values takes twenty times its length once decoded: it is given up, and only it."""

    @pytest.mark.parametrize(
        "rows",
        [
            "[],",
            pytest.param('{"n": 1, "name": "mail", "mode": "0644"},', marks=pytest.mark.slow),
            "1234,",
            pytest.param('"a",', marks=pytest.mark.slow),
        ],
    )
    def test_is_damage_and_its_neighbours_are_read(self, tmp_path: Path, rows: str) -> None:
        path = tmp_path / "a.jsonl"
        line = '{"rows": [' + rows * (17_000_000 // len(rows)) + "0]}\n"
        path.write_text('{"a": 1}\n' + line + '{"a": 2}\n')
        first, damage, last = read_lines(_source(path), DEFAULT_LIMITS)
        assert isinstance(first, Record) and isinstance(last, Record) and isinstance(damage, Damage)
        assert (first.value, last.value) == ({"a": 1}, {"a": 2})
        assert (damage.offset, damage.length) == (9, len(line))
        assert damage.reason == "line holds too many values"

    def test_takes_a_fraction_of_its_length(self, tmp_path: Path) -> None:
        path = tmp_path / "a.jsonl"
        path.write_text('{"rows": [' + "[]," * 30_000_000 + "0]}\n")
        tracemalloc.start()
        try:
            (damage,) = read_lines(_source(path), DEFAULT_LIMITS)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert isinstance(damage, Damage)
        assert peak < 60_000_000

    @pytest.mark.parametrize("size", [8_000, 200_000, 3_000_000])
    def test_is_not_one_of_many_texts(self, tmp_path: Path, size: int) -> None:
        path = tmp_path / "a.jsonl"
        value = {"images": [{"type": "image", "data": "x" * size}] * (24_000_000 // size)}
        path.write_text(json.dumps(value) + "\n")
        (record,) = read_lines(_source(path), DEFAULT_LIMITS)
        assert isinstance(record, Record) and record.value == value

    @given(st.lists(st.integers(0, 999), min_size=1, max_size=60), st.integers(1, 40))
    @settings(deadline=None, max_examples=100)
    def test_is_told_alike_however_it_comes_in_pieces(self, numbers: list[int], pieces: int) -> None:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(long_lines, "_ALLOWED", 1_000)
            patched.setattr(long_lines, "LONGEST_SHORTENED", 1_000)
            line = json.dumps({"n": numbers}).encode()
            told = _given(line, pieces)
            assert told == _given(line, len(line))
            assert (told is None) == ((len(line) - 1) * 16 + 64 + 2 > 1_000 + 1.1 * len(line))
