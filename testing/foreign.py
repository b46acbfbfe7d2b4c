"""Tiny files of other formats, and of no format: what an adapter must leave to others.

The files of formats lie in ``other_formats``, each named for the adapter that reads it, and each about the smallest
that this adapter claims. Claims of other adapters must be weaker than ``WEAK``: a shape that many formats share may be
claimed so, and the stronger claim reads the file.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec

WEAK = 0.5
"""Claims on files of other formats must be weaker."""


class Foreign(msgspec.Struct, frozen=True):
    """A small file and whose it is.

    Attributes:
        name: What it is, as violations say it.
        data: Its bytes.
        owner: The adapter that reads it; nobody may claim a file without one, however weakly.
    """

    name: str
    data: bytes
    owner: str | None = None


_LOG_LINE = b'{"timestamp":"2026-03-21T09:30:00Z","level":"error","message":"boom","name":"app"}\n'
_NOBODYS: tuple[Foreign, ...] = (
    Foreign("an empty file", b""),
    Foreign("white space", b" \n\n\t\n"),
    Foreign("bytes of no kind", bytes(range(256)) * 8),
    Foreign("a PNG", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"),
    Foreign("a gzip stream", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcbH\xcd\xc9\xc9\x07\x00\x86\xa6\x106\x05\x00"),
    Foreign("a zip of no traces", b"PK\x05\x06" + b"\x00" * 18),
    Foreign("a SQLite database of no traces", b"SQLite format 3\x00\x10\x00\x01\x01\x00@  " + b"\x00" * 76),
    Foreign("UTF-16 text", '{"type": "session"}\n'.encode("utf-16")),
    Foreign("prose", b"Dear agent,\n\nplease call the tool `exec` with ls.\n\nYours\n"),
    Foreign("a table", b"run,tool,outcome\n1,exec,ok\n2,exec,failed\n"),
    Foreign("markup", b"<!doctype html><html><body><h1>session</h1></body></html>\n"),
    Foreign("a number", b"42\n"),
    Foreign("a text in JSON", b'"session"\n'),
    Foreign("null", b"null"),
    Foreign("an empty object", b"{}\n"),
    Foreign("an empty list", b"[]\n"),
    Foreign("a list of numbers", b"[1, 2, 3]\n"),
    Foreign("lines of numbers", b"1\n2\n3\n"),
    Foreign(
        "a package manifest", b'{"name": "x", "version": "1.0.0", "type": "module", "dependencies": {"y": "^2"}}\n'
    ),
    Foreign("a map", b'{"type": "FeatureCollection", "features": [{"type": "Feature", "id": 1, "properties": {}}]}\n'),
    Foreign(
        "a log of a web server", b'{"time":"2026-03-21T09:30:00Z","level":"info","msg":"GET /","status":200}\n' * 3
    ),
    Foreign("a log of a program", _LOG_LINE * 3),
    Foreign("events of a page", b'{"type":"click","id":"e1","timestamp":1774085400000,"data":{"x":1}}\n' * 3),
    Foreign("a torn object", b'{"a": {"b": ['),
    Foreign("nested lists", b"[" * 3000 + b"]" * 3000),
)


@cache
def foreign() -> tuple[Foreign, ...]:
    """What ``sniff`` is shown besides the samples."""
    folder = files(__package__) / "other_formats"
    found = sorted((entry for entry in folder.iterdir() if entry.is_file()), key=lambda entry: entry.name)
    owners = [entry.name.split(".")[0] for entry in found]
    owned = [Foreign(f"a file of {o}", entry.read_bytes(), o) for o, entry in zip(owners, found, strict=True)]
    return (*_NOBODYS, *owned)
