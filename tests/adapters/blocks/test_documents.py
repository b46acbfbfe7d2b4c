"""The items of a document: where they stand, and how they are read again without holding the document."""

from __future__ import annotations

import json
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from soma.adapters.blocks.document import places_of, read_document, texts_at
from soma.source import DEFAULT_LIMITS, Record, Source

ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
VALUES = st.recursive(
    st.none() | st.integers(-5, 5) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.lists(VALUES, max_size=8), st.sampled_from([None, 1]), st.binary(max_size=3).map(lambda data: b" " * len(data))
)
def test_every_item_is_found_where_it_stands(values: list[Any], indent: int | None, before: bytes) -> None:
    data = before + json.dumps(values, indent=indent).encode()
    places = places_of(ITEMS.decode(data), data)
    assert [json.loads(data[offset : offset + length]) for offset, length in places] == values
    assert all(a + b <= c for (a, b), (c, _) in pairwise(places))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.json"
        path.write_bytes(data)
        source = Source(str(path), "s", size=len(data))
        read = [(offset, json.loads(text)) for offset, text in texts_at(source, places)]
    assert read == [(offset, value) for (offset, _), value in zip(places, values, strict=True)]


def test_a_document_is_let_go_of_once_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"items": [1, 2]}))
    reading = iter(read_document(Source(str(path), "s", size=path.stat().st_size), DEFAULT_LIMITS))
    record = next(reading)
    assert isinstance(record, Record) and record.value == {"items": [1, 2]}
    frame = reading.gi_frame  # type: ignore[attr-defined]
    assert not {"data", "value"} & frame.f_locals.keys()
