"""The recording format: JSON lines, a header with all a replay needs, one line per action, a last line to check by.

```
{"type":"header","schema":"soma.recording","schemaVersion":1,"engine":1,"configuration":{...},"configurationDigest":"...","agents":["a"],"graph":[]}
{"type":"begin","agent":"a","session":"s1","taskText":"..."}
{"type":"action","agent":"a","action":{"role":"shell","action":"exec:ls","outcome":"ok",...}}
{"type":"end","actions":1,"trajectory":"..."}
```
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import msgspec

from soma.errors import SourceError
from soma.files import write_private
from soma.pressure.action import Action
from soma.pressure.constants import ENGINE_VERSION
from soma.pressure.engine import Configuration, Engine
from soma.pressure.graph import Edge, joined
from soma.pressure.reading import Reading

SCHEMA_VERSION = 1
_HINT = "soma replay reads recordings; for other traces: soma harvest FILE, then soma replay --execution ID"
_LINE = struct.Struct("<ddB")
_MARK = b'{"type":"header","schema":"soma.recording"'


class Header(msgspec.Struct, frozen=True, tag="header", kw_only=True, rename="camel"):
    """What the recording was made with.

    Attributes:
        engine: ``ENGINE_VERSION`` then. configuration, configuration_digest: In force then; the digest tells a header
            that was edited. agents: Whose actions follow. graph: Trust between them.
    """

    schema: str = "soma.recording"
    schema_version: int = SCHEMA_VERSION
    engine: int = ENGINE_VERSION
    configuration: Configuration = Configuration()
    configuration_digest: str = ""
    agents: list[str] = []
    graph: list[Edge] = []


class Begin(msgspec.Struct, frozen=True, tag="begin", rename="camel", omit_defaults=True):
    """A session of an agent begins."""

    agent: str
    session: str = ""
    task_text: str | None = None


class Step(msgspec.Struct, frozen=True, tag="action", rename="camel", omit_defaults=True):
    """One action; ``decision_id`` where it came from a vault."""

    agent: str
    action: Action
    decision_id: str | None = None


class End(msgspec.Struct, frozen=True, tag="end", rename="camel"):
    """How many actions there were, and the digest of what the engine answered to them."""

    actions: int
    trajectory: str


Event = Begin | Step
_DECODER = msgspec.json.Decoder(Header | Begin | Step | End)
_ENCODER = msgspec.json.Encoder(order="deterministic")


class Trace:
    """Digest of a trajectory: of every bit of every pressure and of every mode, in order."""

    def __init__(self) -> None:
        self.actions = 0
        self._hash = hashlib.blake2b(digest_size=16)

    def add(self, reading: Reading) -> None:
        """Take in the answer to one more action."""
        self.actions += 1
        self._hash.update(_LINE.pack(reading.pressure, reading.effective, reading.mode))

    def hexdigest(self) -> str:
        """The digest so far."""
        return self._hash.hexdigest()


class Recording:
    """A recording that is read as it is replayed, so its size does not matter.

    Attributes:
        header: What it was made with.
        end: Its last line, once all was read and if it has one.
    """

    def __init__(self, header: Header, events: Iterable[Event | End]) -> None:
        self.header = header
        self.end: End | None = None
        self._events = events

    def events(self) -> Iterator[Event]:
        """Its beginnings and actions, in order; once only for one that is read from a file."""
        for event in self._events:
            if isinstance(event, End):
                self.end = event
                return
            yield event

    def engine(self, configuration: Configuration | None = None) -> Engine:
        """A fresh engine with the recorded trust graph and the recorded configuration, or another one."""
        return Engine(configuration or self.header.configuration, self.header.graph)


def of_events(events: list[Event], configuration: Configuration, graph: Iterable[Edge] = ()) -> Recording:
    """A recording of events in memory."""
    agents = list(dict.fromkeys(event.agent for event in events))
    header = Header(
        configuration=configuration, configuration_digest=configuration.digest, agents=agents, graph=joined(graph)
    )
    return Recording(header, events)


def readings(events: Iterable[Event], engine: Engine) -> Iterator[tuple[Step, Reading]]:
    """Drive ``engine`` over ``events``: each action with its answer."""
    for event in events:
        if isinstance(event, Begin):
            engine.begin(event.agent, event.session, event.task_text)
        else:
            yield event, engine.step(event.agent, event.action)


def lines(recording: Recording) -> Iterator[bytes]:
    """The lines of a recording's file, the last one with the digest of its trajectory."""
    yield _ENCODER.encode(recording.header)
    trace, engine = Trace(), recording.engine()
    for event in recording.events():
        yield _ENCODER.encode(event)
        for _, reading in readings([event], engine):
            trace.add(reading)
    yield _ENCODER.encode(End(trace.actions, trace.hexdigest()))


def write(path: Path, recording: Recording) -> None:
    """Write a recording's file, readable by its owner only.

    Raises:
        OSError: if the folder cannot be written to.
    """
    write_private(path, b"\n".join(lines(recording)) + b"\n")


def is_recording(path: Path) -> bool:
    """Whether the file says in its first bytes that it is a recording; false for a folder.

    Raises:
        OSError: if it cannot be read.
    """
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(len(_MARK)) == _MARK


def read(path: Path) -> Recording:
    """Open a recording; its actions are read when it is replayed.

    Raises:
        SourceError: if it is none, is of a newer format, its header was edited, or a line is broken.
    """
    found = _lines(path)
    header = next(found, None)
    if not isinstance(header, Header) or header.schema != Header().schema:
        raise SourceError("the file does not begin with the header of a recording", where=f"{path}:1", hint=_HINT)
    if header.schema_version > SCHEMA_VERSION:
        raise SourceError(f"the recording is of format {header.schema_version}, this soma reads {SCHEMA_VERSION}",
                          where=str(path), hint="pip install --upgrade soma-harvest")  # fmt: skip
    if header.configuration_digest != header.configuration.digest:
        raise SourceError("the configuration in the header is not the one it was made with", where=f"{path}:1",
                          hint="--config soma.toml replays it with a configuration of yours")  # fmt: skip
    return Recording(header, _events(path, found))


def _lines(path: Path) -> Iterator[Header | Event | End]:
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(chain(stream), 1):
                if not line.endswith(b"\n"):
                    # What a killed writer left behind; whole recordings are told by their last line.
                    return
                try:
                    yield _DECODER.decode(line)
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
                    raise SourceError(
                        f"a line cannot be read: {problem}", where=f"{path}:{number}", hint=_HINT
                    ) from problem
    except OSError as problem:
        raise SourceError(f"the recording cannot be read: {problem.strerror}", where=str(path)) from problem


def _events(path: Path, found: Iterator[Header | Event | End]) -> Iterator[Event | End]:
    for number, event in enumerate(found, 2):
        if isinstance(event, Header):
            raise SourceError("a second header", where=f"{path}:{number}", hint="split the file there")
        yield event
