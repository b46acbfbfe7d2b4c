"""What is quick gives what the plain way gives: on real traces, and on lines of them with anything in any place."""

from __future__ import annotations

import datetime as dt
import os
import random
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soma import clock, codec
from soma.adapters.blocks.head import Head, begins_with_a_line, close_prefix
from soma.adapters.blocks.jsonl import read_lines
from soma.adapters.claude_code import ADAPTER as CLAUDE_CODE
from soma.adapters.claude_code.lines import DECODER as LINES
from soma.adapters.contract import Adapter
from soma.adapters.langchain import ADAPTER as LANGCHAIN
from soma.adapters.langchain.rows import DECODER as ROWS
from soma.adapters.openclaw import ADAPTER as OPENCLAW
from soma.adapters.openclaw.entries import DECODER as ENTRIES
from soma.adapters.otel import ADAPTER as OTEL
from soma.adapters.otel.lines import DECODER as SPANS
from soma.adapters.registry import recognise
from soma.harvester.discover import Candidate, discover
from soma.harvester.fingerprint import Folders
from soma.harvester.heads import Heads
from soma.source import DEFAULT_LIMITS, Source

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
SESSIONS = [
    *((CLAUDE_CODE, LINES, path) for path in sorted((FIXTURES / "claude-code").glob("*.jsonl"))),
    *((OPENCLAW, ENTRIES, path) for path in sorted((FIXTURES / "openclaw").rglob("*.jsonl"))),
    *((LANGCHAIN, ROWS, path) for path in sorted((FIXTURES / "langchain").glob("*.jsonl"))),
    *((OTEL, SPANS, path) for path in sorted((FIXTURES / "otel").glob("*.jsonl"))),
]
VALUE = re.compile(rb'(?<=:) ?("(?:[^"\\]|\\.){0,60}"|-?\d+(?:\.\d+)?|true|false|null)')
ODD = (b"null", b'"x"', b"12", b"-1", b"1e400", b"[]", b"{}", b"true", b"NaN", b'"\\ud800"', b"1.5", b"[[1]]",
       b'{"type":"text","text":"hi"}', b"99999999999999999999999", b'"2026-01-01T00:00:00Z"')  # fmt: skip


def mutated(data: bytes, seed: int) -> bytes:
    """``data`` with odd values in some places, and some of its bytes damaged."""
    chance = random.Random(seed)
    out = bytearray(data)
    spots = [found.span(1) for found in VALUE.finditer(data)]
    for start, end in sorted(chance.sample(spots, min(len(spots), 1 + seed % 9)), reverse=True):
        out[start:end] = chance.choice(ODD)
    for _ in range(seed % 3):
        out[chance.randrange(len(out))] = chance.choice(b'\x00"{}[],\xff\n\\')
    return bytes(out)


def drafts(adapter: Adapter, path: Path, decoder: Any) -> str:
    source = Source(str(path), "src-1", size=path.stat().st_size)
    found = list(adapter.map(read_lines(source, DEFAULT_LIMITS, decoder)))
    return repr((found, source.bytes_read))


@pytest.mark.parametrize(
    ("adapter", "decoder", "path"), SESSIONS, ids=[f"{adapter.name} {path.stem}" for adapter, _, path in SESSIONS]
)
def test_typed_lines_map_to_what_plain_objects_map_to(
    adapter: Adapter, decoder: Any, path: Path, tmp_path: Path
) -> None:
    data = path.read_bytes()
    for seed in range(13 if len(data) < 50_000 else 4):
        place = tmp_path / f"{seed}.jsonl"
        place.write_bytes(mutated(data, seed) if seed else data)
        assert drafts(adapter, place, decoder) == drafts(adapter, place, None), seed


PIECES = (
    b'{"type":"user"}',
    b"{}",
    b"{",
    b"}",
    b'{"a":{}',
    b"",
    b" {} ",
    b"{}{}",
    b"[]",
    b"{}\r",
    b"\xff",
    b"{},{}",
    b"\xef\xbb\xbf{}",
)


@given(st.lists(st.sampled_from(PIECES), max_size=7), st.booleans())
def test_lines_read_at_once_are_the_lines_read_one_by_one(rows: list[bytes], closed: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "lines.jsonl"
        place.write_bytes(b"\n".join(rows) + b"\n" * closed)
        assert places(place, LINES) == places(place, None)


def places(path: Path, decoder: Any) -> Any:
    source = Source(str(path), "src-1", size=path.stat().st_size)
    found = [(type(item), item.offset, item.length) for item in read_lines(source, DEFAULT_LIMITS, decoder)]
    return found, source.bytes_read


SMALL = [path for path in sorted(FIXTURES.rglob("*.json*")) if path.stat().st_size <= 64 * 1024]


def as_read(source: Source, adapter: Adapter) -> str:
    """All that comes of a source, what breaks included."""
    found: list[str] = []
    try:
        found.extend(map(repr, adapter.map(adapter.read(source, DEFAULT_LIMITS))))
    except Exception as problem:  # noqa: BLE001
        found.append(type(problem).__name__)
    return f"{source.bytes_read} {found}"


@pytest.mark.parametrize("folder", sorted({path.relative_to(FIXTURES).parts[0] for path in SMALL}))
def test_a_file_that_was_read_already_gives_what_opening_it_gives(folder: str, tmp_path: Path) -> None:
    chance = random.Random(folder)
    shipped = [path for path in SMALL if path.relative_to(FIXTURES).parts[0] == folder]
    for path in chance.sample(shipped, min(len(shipped), 8)):
        data = path.read_bytes()
        endings = (data, data.rstrip(), data.rstrip() + b"\n\n", b"\xef\xbb\xbf" + data, data + b"\x0c", b" " + data)
        for seed, changed in enumerate((*endings, *(mutated(data, seed) for seed in range(1, 7)))):
            place = tmp_path / path.name
            place.write_bytes(changed)
            head = Heads().of(Candidate(str(place), len(changed), 0))
            found = recognise(head)
            if found is None:
                continue
            plain = Source(str(place), "src-1", size=len(changed))
            known = Source(str(place), "src-1", size=len(changed))
            known.data, known.document = head.data, head.whole
            assert as_read(known, found[0]) == as_read(plain, found[0]), (path, seed)


def closed_plainly(data: bytes) -> bytes:
    """``close_prefix``, a byte at a time."""
    stack = b""
    cut = 0
    inside = escaped = False
    for at, byte in enumerate(data):
        mark = bytes([byte])
        if inside:
            inside = escaped or mark != b'"'
            escaped = mark == b"\\" and not escaped
        elif mark == b'"':
            inside = True
        elif mark in (b"{", b"["):
            stack, cut = stack + mark, at + 1
        elif mark == b",":
            cut = at
        elif mark in (b"}", b"]"):
            if not stack:
                break
            stack, cut = stack[:-1], at + 1
    return data[:cut] + stack[::-1].translate(bytes.maketrans(b"{[", b"}]"))


@given(st.sampled_from(sorted(FIXTURES.rglob("*.json"))), st.integers(0, 4000), st.integers(0, 50))
def test_a_cut_document_is_closed_as_a_byte_at_a_time_would(path: Path, end: int, seed: int) -> None:
    data = mutated(path.read_bytes()[:6000], seed)[:end]
    assert close_prefix(data) == closed_plainly(data)


@given(st.binary(max_size=40) | st.text(alphabet='{}[]",\\ a', max_size=40).map(str.encode))
def test_any_bytes_are_closed_as_a_byte_at_a_time_would(data: bytes) -> None:
    assert close_prefix(data) == closed_plainly(data)


@given(st.lists(st.sampled_from((*PIECES, b"12", b"\x00", b" \n ")), max_size=4).map(b"\n".join), st.booleans())
def test_a_file_of_lines_is_told_by_its_first(data: bytes, cut: bool) -> None:
    if cut and b"\n" not in data:
        return  # such a file is told by where its first line ends
    assert begins_with_a_line(data) == Head("a.jsonl", len(data) + cut, data).lines


@given(st.datetimes(timezones=st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=-9, minutes=-30))])))
def test_instants_are_whole_microseconds_since_1970(moment: dt.datetime) -> None:
    since = (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
    assert clock.from_iso(moment.isoformat()) == clock.plausible(since)


def test_files_are_found_where_they_really_lie(tmp_path: Path) -> None:
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "real" / "deep" / "one.jsonl").write_text("{}")
    (tmp_path / "real" / "two.jsonl").symlink_to(tmp_path / "real" / "deep" / "one.jsonl")
    (tmp_path / "way").symlink_to(tmp_path / "real")
    found = [candidate.path for candidate in discover([str(tmp_path / "way"), str(tmp_path / "real")]).candidates]
    assert found == [os.path.realpath(tmp_path / "real" / "deep" / "one.jsonl")]


def test_a_listing_names_what_is_there_and_a_missing_folder_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(codec.encode({}))
    folders = Folders()
    assert folders.names(str(tmp_path)) == {"a.jsonl"}
    assert folders.names(str(tmp_path / "none")) == frozenset()
