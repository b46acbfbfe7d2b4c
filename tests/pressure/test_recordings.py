"""Golden recordings, what a recording file promises, and what is said when it is broken."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from soma.errors import SourceError
from soma.pressure import ENGINE_VERSION, Action, Configuration, Edge, Engine, Mode
from soma.pressure.replay.recording import (
    Begin,
    End,
    Event,
    Header,
    Step,
    Trace,
    lines,
    of_events,
    read,
    readings,
    write,
)
from soma.pressure.replay.run import run
from tests.conftest import ROOT

GOLDEN = sorted((ROOT / "fixtures" / "recordings").glob("*.jsonl"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_recording_replays_bit_by_bit(path: Path) -> None:
    replay = run(read(path))
    assert replay.recorded_engine == ENGINE_VERSION
    assert (replay.identical, replay.complete) == (True, True)
    assert replay.recorded == replay.trajectory


def test_there_are_golden_recordings() -> None:
    assert {path.stem for path in GOLDEN} == {"loop", "failures", "delegation", "storms"}


def test_what_the_golden_recordings_show() -> None:
    told = {path.stem: {agent.agent: agent for agent in run(read(path)).agents} for path in GOLDEN}
    assert (told["loop"]["main"].first_warn, told["loop"]["main"].modes["BLOCK"]) == (3, 6)
    assert told["failures"]["gpt-4"].first_warn == 6
    assert all(agent.first_warn is None for agent in told["delegation"].values())
    storms = told["storms"]
    assert storms["researcher"].peak == 0.95
    # 0.95 · 0.4 reaches the planner and 0.9 of that the orchestrator, damped; their own pressure stays below.
    assert 0.36 < storms["planner"].peak <= 0.38
    assert 0.30 < storms["orchestrator"].peak <= 0.342


def some() -> list[Event]:
    failing = [Step("a", Action(action="x", arguments_digest="s", outcome="failed"), f"d{n}") for n in range(5)]
    return [Begin("a", "s1", "Do it"), *failing, Begin("b", "s2"), Step("b", Action(action="y", cost_usd=0.25))]


def test_a_recording_carries_what_it_was_made_with(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    configuration = Configuration()
    write(path, of_events(some(), configuration, [Edge("a", "b", 0.5)]))
    found = read(path)
    assert found.header == Header(configuration=configuration, configuration_digest=configuration.digest,
                                  agents=["a", "b"], graph=[Edge("a", "b", 0.5)])  # fmt: skip
    assert list(found.events()) == some()
    assert found.end is not None and found.end.actions == 6
    assert path.stat().st_mode & 0o077 == 0


def test_writing_what_was_read_gives_the_same_bytes(tmp_path: Path) -> None:
    for path in GOLDEN:
        assert b"\n".join(lines(read(path))) + b"\n" == path.read_bytes()


def test_the_digest_of_a_trajectory_tells_one_bit() -> None:
    engine, one, other = Engine(), Trace(), Trace()
    reading = engine.step("a", Action(outcome="failed"))
    one.add(reading)
    other.add(msgspec.structs.replace(reading, pressure=reading.pressure + 2**-53))
    assert one.hexdigest() != other.hexdigest()


def changed(path: Path, where: int, old: bytes, new: bytes) -> Path:
    found = path.read_bytes().splitlines(keepends=True)
    assert old in found[where]
    found[where] = found[where].replace(old, new)
    path.write_bytes(b"".join(found))
    return path


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    write(tmp_path / "r.jsonl", of_events(some(), Configuration()))
    return tmp_path / "r.jsonl"


def test_a_changed_action_is_noticed(recorded: Path) -> None:
    assert run(read(changed(recorded, 2, b"failed", b"ok"))).identical is False


def test_a_missing_action_is_noticed(recorded: Path) -> None:
    found = recorded.read_bytes().splitlines(keepends=True)
    recorded.write_bytes(b"".join(found[:3] + found[4:]))
    replay = run(read(recorded))
    assert (replay.identical, replay.complete) == (False, False)


def test_a_recording_that_was_cut_off_replays_as_far_as_it_goes(recorded: Path) -> None:
    recorded.write_bytes(recorded.read_bytes()[:-150])
    replay = run(read(recorded))
    assert len(replay.points) >= 4
    assert (replay.recorded, replay.identical, replay.complete) == (None, None, None)


def test_an_edited_configuration_is_refused(recorded: Path) -> None:
    with pytest.raises(SourceError, match="not the one it was made with"):
        read(changed(recorded, 0, b'"warn":0.5', b'"warn":0.6'))


@pytest.mark.parametrize(("content", "told"), [
    (b"", "does not begin"), (b"not json\n", "cannot be read"),
    (b'{"type":"end","actions":1,"trajectory":""}\n', "does not begin"),
    (b'{"type":"header","schema":"other","schemaVersion":1}\n', "does not begin"),
    (b'{"type":"header","schema":"soma.recording","schemaVersion":99}\n', "format 99"),
    (b"\xff\xfe\n", "cannot be read"), (b"[" * 100_000 + b"\n", "cannot be read"),
])  # fmt: skip
def test_what_is_no_recording_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=told):
        read(path)


def test_a_broken_line_is_named(recorded: Path) -> None:
    with pytest.raises(SourceError) as told:
        run(read(changed(recorded, 3, b'"action"', b'"unheard-of"')))
    assert told.value.where is not None and told.value.where.endswith(":4")


def test_a_header_in_the_middle_and_trust_beyond_1_are_refused(recorded: Path) -> None:
    text = recorded.read_bytes()
    recorded.write_bytes(text + text)
    assert list(read(recorded).events()) == some()
    head = text.splitlines(keepends=True)[0]
    recorded.write_bytes(head + head)
    with pytest.raises(SourceError, match="second header"):
        run(read(recorded))
    recorded.write_bytes(head.replace(b'"graph":[]', b'"graph":[{"source":"a","target":"b","trust":2}]'))
    with pytest.raises(SourceError, match="trust"):
        read(recorded)


def test_the_end_is_the_last_line_that_counts(recorded: Path) -> None:
    *_, last = recorded.read_bytes().splitlines()
    end = msgspec.json.decode(last, type=End)
    trace, engine = Trace(), Engine()
    for _, reading in readings(some(), engine):
        trace.add(reading)
    assert end == End(6, trace.hexdigest())
    assert engine.state.agents["a"].mode == Mode.BLOCK
