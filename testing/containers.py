"""Changes of JSON that lies inside something else: cells of a database, members of an archive, a compressed stream."""

from __future__ import annotations

import contextlib
import io
import warnings
import zipfile
import zlib

from .byte_mutations import LINES
from .draw import Draw
from .json_mutations import change_json

_SQLITE = b"SQLite format 3\x00"
_ZIP = b"PK\x03\x04"
_ZSTD = b"\x28\xb5\x2f\xfd"
_OFTEN = 0.7


def change_inside(data: bytes, draw: Draw) -> bytes | None:
    """A container with one value inside of it changed; ``None`` for other files, and now and then for these too."""
    if not data.startswith((_SQLITE, _ZIP, _ZSTD)) or draw.random() > _OFTEN:
        return None
    with contextlib.suppress(zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError, EOFError, OSError):
        if data.startswith(_SQLITE):
            return _in_a_database(data, draw)
        return _in_an_archive(data, draw) if data.startswith(_ZIP) else _in_a_stream(data, draw)
    return None


def _text(data: bytes, draw: Draw) -> bytes:
    changed = change_json(data, draw)
    if changed is not None:
        return changed[0]
    return draw.choice(LINES)(data, draw) if data else b"{}"


def _in_a_database(data: bytes, draw: Draw) -> bytes | None:
    import sqlite3

    # A database in memory has no log beside it: bytes 18 and 19 say so.
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(data[:18] + b"\x01\x01" + data[20:])
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        ]
        filled = [name for name in tables if connection.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone()]  # noqa: S608
        table = draw.choice(filled)
        columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
        rows = [row[0] for row in connection.execute(f'SELECT rowid FROM "{table}" ORDER BY rowid')]  # noqa: S608
        column, row = draw.choice(columns), draw.choice(rows)
        found = connection.execute(f'SELECT "{column}" FROM "{table}" WHERE rowid = ?', (row,)).fetchone()  # noqa: S608
        if found is None:
            return None
        value = found[0]
        if isinstance(value, str) and draw.random() < 0.8:
            value = _text(value.encode(), draw).decode(errors="replace")
        else:
            value = draw.choice((None, 0, -1, 2**62, 1.5, "", "x", b"\xff\x00", "{}", value))
        connection.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', (value, row))  # noqa: S608
        connection.commit()
        return bytes(connection.serialize())
    except (sqlite3.Error, IndexError, OverflowError, UnicodeError):
        return None
    finally:
        connection.close()


def _in_an_archive(data: bytes, draw: Draw) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    at = draw.randrange(len(members))
    name, content = members[at]
    deed = draw.random()
    if deed < 0.1:
        del members[at]
    elif deed < 0.2:
        members.append((draw.choice((name, f"../{name}", "x" * 300)), content))
    else:
        members[at] = (name, _text(content, draw))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive, warnings.catch_warnings():
        # Two members of one name are what is wanted here.
        warnings.simplefilter("ignore", UserWarning)
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content)
    return packed.getvalue()


def _in_a_stream(data: bytes, draw: Draw) -> bytes | None:
    import zstandard

    try:
        plain = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    except zstandard.ZstdError:
        return None
    return zstandard.ZstdCompressor(level=1).compress(_text(plain, draw))
