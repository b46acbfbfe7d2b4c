"""OpenClaw's SQLite databases: the transcripts of an agent, the cron runs of an installation. Read only, in pages."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from soma import codec
from soma.adapters.blocks.document import as_object
from soma.errors import SourceError
from soma.source import DEFAULT_LIMITS, Damage, Limits, Reading, Record, Source

from .facts import Session, from_window

_PAGE = 100
_WAL_MODE = 2
_EVENTS = """
    SELECT session_id, seq, event_json, event_zstd FROM transcript_events
    WHERE (session_id, seq) > (?, ?) AND typeof(session_id) = 'text' AND typeof(seq) = 'integer'
    ORDER BY session_id, seq LIMIT ?"""
_PLAIN_EVENTS = _EVENTS.replace("event_zstd", "NULL")
_WINDOW = (
    "session_id", "session_key", "status", "created_at", "ended_at", "spawned_by", "previous_session_id", "reason",
)  # fmt: skip
_NODE = ("session_key", "entry_json", "label", "fork_source_session_id")
_CRON_RUNS = """
    SELECT rowid, source_id, status, started_at, ended_at, error, label, agent_id, child_session_key, detail_json
    FROM task_runs WHERE runtime = 'cron' AND rowid > ? ORDER BY rowid LIMIT ?"""


def read_database(source: Source, limits: Limits) -> Reading:
    """Every session's facts followed by its entries, in the order of (session id, sequence number).

    Yields:
        Records; the offset of an entry is its sequence number, the length that of its JSON. ``Damage`` for rows
        that hold none, and when the database breaks off.

    Raises:
        SourceError: if it cannot be opened, or has neither transcripts nor cron runs.
    """
    with closing(_opened(source)) as connection:
        try:
            tables = _tables(connection)
        except sqlite3.Error as problem:
            hint = "copy it together with its -wal file while OpenClaw is stopped"
            raise SourceError(f"SQLite cannot read the database: {problem}", where=source.path, hint=hint) from None
        if "transcript_events" not in tables and "detail_json" not in tables.get("task_runs", ()):
            raise SourceError("the database holds neither transcripts nor cron runs of OpenClaw", where=source.path)
        try:
            if "transcript_events" in tables:
                yield from _transcripts(source, connection, tables, limits)
            else:
                yield from _cron_runs(source, connection)
        except (sqlite3.Error, OverflowError) as problem:
            yield Damage(source_id=source.source_id, offset=0, length=0, reason=f"the database breaks off: {problem}")


def row_at(source: Source, session_id: str | None, number: int) -> bytes | None:
    """The JSON of one row, by the number that is its offset; ``None`` when there is no such row.

    Args:
        source: The database.
        session_id: The session whose rows are numbered; without transcripts the row of a cron run is meant.
        number: Sequence number of an entry, rowid of a cron run.

    Raises:
        SourceError: if the database cannot be opened.
        sqlite3.Error: if it cannot be read.
    """
    with closing(_opened(source)) as connection:
        tables = _tables(connection)
        if "transcript_events" not in tables:
            row = connection.execute("SELECT detail_json, NULL FROM task_runs WHERE rowid = ?", (number,)).fetchone()
        else:
            packed = "event_zstd" if "event_zstd" in tables["transcript_events"] else "NULL"
            query = f"SELECT event_json, {packed} FROM transcript_events WHERE session_id = ? AND seq = ?"  # noqa: S608
            row = connection.execute(query, (session_id, number)).fetchone()
        return None if row is None else _json_of(row[0], row[1], DEFAULT_LIMITS)


def _json_of(plain: Any, packed: Any, limits: Limits) -> bytes:
    data = plain if isinstance(plain, bytes) else b""
    return data or (_unpacked(packed, limits.record_bytes) if isinstance(packed, bytes) else b"")


def _opened(source: Source) -> sqlite3.Connection:
    with source.open() as stream:
        header = stream.read(20)
    # Opening a database in WAL mode writes -wal and -shm files beside it unless they are there; soma writes nothing.
    log = Path(source.path + "-wal")
    settled = len(header) == 20 and header[18] == _WAL_MODE and not (log.exists() and log.stat().st_size)
    uri = f"file:{quote(source.path)}?mode=ro{'&immutable=1' if settled else ''}"
    try:
        connection = sqlite3.connect(uri, uri=True)
    except sqlite3.Error as problem:
        raise SourceError(f"SQLite cannot open the database: {problem}", where=source.path) from None
    connection.text_factory = bytes
    return connection


def _tables(connection: sqlite3.Connection) -> dict[str, frozenset[str]]:
    """Ordinary tables and their columns; a view or virtual table of the same name could run anything."""
    connection.execute("PRAGMA trusted_schema = OFF")
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0").fetchall()
    tables = {}
    for name in (_text(row[0]) for row in rows):
        if name in {"transcript_events", "session_windows", "session_nodes", "task_runs"}:
            columns = connection.execute("SELECT name FROM pragma_table_info(?)", (name,)).fetchall()
            tables[name] = frozenset(_text(column[0]) for column in columns)
    return tables


def _transcripts(
    source: Source, connection: sqlite3.Connection, tables: dict[str, frozenset[str]], limits: Limits
) -> Reading:
    sessions = _sessions(connection, tables)
    query = _EVENTS if "event_zstd" in tables["transcript_events"] else _PLAIN_EVENTS
    place: tuple[str, int] = ("", -1)
    current: str | None = None
    while rows := connection.execute(query, (*place, _PAGE)).fetchall():
        for raw_id, seq, plain, packed in rows:
            session_id = _text(raw_id)
            if session_id != current:
                current = session_id
                yield Record(source, 0, 0, sessions.get(session_id) or Session(id=session_id))
            yield _entry(source, seq, plain, packed, limits)
        try:
            # Compared with the column, so it must have the column's type: text, not the bytes it is fetched as.
            place = (rows[-1][0].decode(), rows[-1][1])
        except UnicodeDecodeError:
            raise sqlite3.DataError("a session id is no text") from None


def _entry(source: Source, seq: int, plain: Any, packed: Any, limits: Limits) -> Record | Damage:
    data = _json_of(plain, packed, limits)
    if len(data) <= limits.record_bytes:
        try:
            value = codec.decode(data)
        except codec.Undecodable as problem:
            return Damage(
                source_id=source.source_id, offset=seq, length=len(data), reason=f"row without JSON: {problem}"
            )
        if isinstance(value, dict):
            return Record(source, seq, len(data), value)
    return Damage(source_id=source.source_id, offset=seq, length=len(data), reason="row without an entry, or too long")


def _unpacked(packed: bytes, longest: int) -> bytes:
    """Bytes of one compressed row; empty when it is broken or unpacks to more than ``longest``."""
    import zstandard

    try:
        if zstandard.frame_content_size(packed) > longest:
            return b""
        return zstandard.ZstdDecompressor().decompress(packed, max_output_size=longest)
    except (zstandard.ZstdError, MemoryError):
        return b""


def _sessions(connection: sqlite3.Connection, tables: dict[str, frozenset[str]]) -> dict[str, Session]:
    windows = _rows(connection, tables, "session_windows", _WINDOW)
    nodes = {node["session_key"]: node for node in _rows(connection, tables, "session_nodes", _NODE)}
    found = {}
    for window in windows:
        node = nodes.get(window.get("session_key"), {})
        entry = _decoded(node.get("entry_json"))
        if entry.get("sessionId") != window.get("session_id"):
            # The node speaks of the session that stands behind the key now, not of this earlier one.
            entry, node = {}, {}
        session = from_window(window, {**node, "entry": entry}, _parent(window, windows))
        if session.id is not None:
            found[session.id] = session
    return found


def _parent(child: dict[str, Any], windows: list[dict[str, Any]]) -> str | None:
    """The session that stood behind the spawning key when the child was made."""
    key, made = child.get("spawned_by"), child.get("created_at")
    if not key:
        return None
    past = [
        (window["created_at"], window["session_id"])
        for window in windows
        if window.get("session_key") == key
        and isinstance(window.get("created_at"), int)
        and isinstance(window.get("session_id"), str)
        and (not isinstance(made, int) or window["created_at"] <= made)
    ]
    return max(past)[1] if past else None


def _cron_runs(source: Source, connection: sqlite3.Connection) -> Reading:
    place = -1 << 62
    while rows := connection.execute(_CRON_RUNS, (place, _PAGE)).fetchall():
        for rowid, job, status, started, ended, error, label, agent, key, detail in rows:
            place = rowid
            known = {
                "jobId": job, "status": status, "runAtMs": started, "ts": ended, "error": error, "jobName": label,
                "agentId": agent, "sessionKey": key,
            }  # fmt: skip
            value = {name: _plain(item) for name, item in known.items() if item is not None}
            value.update({name: item for name, item in _decoded(_plain(detail)).items() if item is not None})
            yield Record(
                source, rowid, len(detail) if isinstance(detail, bytes) else 0, {**value, "action": "finished"}
            )


def _rows(
    connection: sqlite3.Connection, tables: dict[str, frozenset[str]], table: str, wanted: tuple[str, ...]
) -> list[dict[str, Any]]:
    columns = [name for name in wanted if name in tables.get(table, ())]
    if not columns:
        return []
    cursor = connection.execute(f"SELECT {', '.join(columns)} FROM {table}")  # noqa: S608 - names are our own literals
    return [dict(zip(columns, map(_plain, row), strict=True)) for row in cursor]


def _decoded(text: Any) -> dict[str, Any]:
    if not isinstance(text, str) or not text:
        return {}
    try:
        return as_object(codec.decode(text))
    except codec.Undecodable:
        return {}


def _plain(value: Any) -> Any:
    return _text(value) if isinstance(value, bytes) else value


def _text(value: Any) -> str:
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
