"""A huge file that is read in parts, by any number of workers, gives what it gives when one reads it whole."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soma.adapters.mapped import load
from soma.adapters.mapped.mapping import Mapping
from soma.errors import SomaError, SourceError
from soma.harvester import pool
from soma.harvester.discover import discover
from soma.harvester.piece import Part
from soma.harvester.pool import Pool
from soma.harvester.portion import Kin, Portion, Settings, SourceReport, Task
from soma.harvester.recognise import Recogniser
from soma.harvester.split import Splitter, ranges
from soma.harvester.work import perform
from soma.schema import DECISIONS, EXECUTIONS
from soma.source import DEFAULT_LIMITS, MIB, Limits, Reading, Source
from soma.vault import VaultRoot
from tests.conftest import ROOT

from .test_fast_paths import mutated
from .vaults import assert_same, assert_whole, harvest_into, one

FIXTURES = ROOT / "fixtures"
MAPPING = """
name = "runs"
[match]
run_type = true
[execution]
id = "trace_id"
error = "error"
[decision]
tool = "name"
id = "id"
output = "outputs"
"""
ID = re.compile(rb"[0-9a-f]{2}(?=[0-9a-f]{6}-?[0-9a-f]{4}-?[0-9a-f]{4})")


def langfuse() -> Iterator[bytes]:
    for path in sorted((FIXTURES / "langfuse").glob("*.json")):
        told = json.loads(path.read_text())
        trace = told.pop("trace", told)
        yield json.dumps({**trace, "observations": []}).encode() + b"\n"
        for number, observation in enumerate(told.get("observations", [])):
            row = {**observation, "traceId": trace["id"]}
            yield json.dumps([row, row] if number % 3 == 0 else row).encode() + b"\n"


@cache
def lines(name: str) -> list[bytes]:
    """Real lines of a format."""
    if name == "langfuse":
        return list(langfuse())
    paths = {
        "runs": "langchain/runs_flat.jsonl", "operations": "langchain/ingest_ops.jsonl",
        "mapped": "langchain/runs_flat.jsonl", "spans": "otel/openinference-langchain.jsonl",
        "more spans": "otel/openllmetry-langchain.jsonl", "batches": "openai-agents/agents_sdk_export.jsonl",
    }  # fmt: skip
    return (FIXTURES / paths[name]).read_bytes().splitlines(keepends=True)


NAMES = ("runs", "operations", "mapped", "spans", "more spans", "batches", "langfuse")


def merged_batches(found: list[bytes], chance: random.Random) -> list[bytes]:
    """Some requests of a collector as one: the spans of several traces in one line."""
    out = []
    while found:
        some = [json.loads(found.pop()) for _ in range(min(len(found), chance.randrange(1, 4)))]
        out.append(json.dumps({"resourceSpans": [g for each in some for g in each["resourceSpans"]]}).encode() + b"\n")
    return out


def file_of(name: str, seed: int) -> bytes:
    """A few copies of the runs under other ids, in any order, some of it damaged, the end perhaps torn."""
    chance = random.Random(seed)
    found = []
    for copy in range(chance.randrange(1, 4)):
        first = chance.randrange(max(1, len(lines(name)) - 30))
        some = lines(name)[first : first + chance.randrange(20, 60)]
        again = [ID.sub(b"%02x" % copy, line) if copy else line for line in some]
        if "spans" in name and chance.random() < 0.5:
            again = merged_batches(again, chance)
        found += again
    how = chance.randrange(3)
    if how == 1:
        chance.shuffle(found)
    elif how == 2:
        nearby = sorted((number + chance.uniform(0, 30), line) for number, line in enumerate(found))
        found = [line for _, line in nearby]
    if chance.random() < 0.3:
        found.insert(chance.randrange(len(found)), b"\n \n")
    data = b"".join(found)
    first = data.find(b"\n") + 1
    if chance.random() < 0.6:
        data = data[:first] + mutated(data[first:], seed)
    if chance.random() < 0.4:
        data = data[: -chance.randrange(1, 60)]
    return data


@pytest.fixture(scope="module")
def mapping(tmp_path_factory: pytest.TempPathFactory) -> Mapping:
    path = tmp_path_factory.mktemp("mapping") / "runs.toml"
    path.write_text(MAPPING)
    return load(str(path))


def told(portion: Portion) -> dict[str, Any]:
    assert portion.decision_rows is not None
    (report,) = portion.reports
    return {
        "report": report,
        "executions": sorted(map(repr, portion.executions.to_pylist())),
        "decisions": sorted(map(repr, portion.decision_rows.to_pylist())),
        "damages": sorted(map(repr, portion.damages)),
        "insights": portion.insights.num_rows,
        "task": portion.task,
    }


def settings_of(name: str, mapping: Mapping, limits: Limits = DEFAULT_LIMITS) -> Settings:
    return Settings(vault=None, key=b"secret", mapping=mapping if name == "mapped" else None, limits=limits)


def written(path: Path, name: str, copies: int = 4) -> Path:
    """The real lines of a format a few times, each time with other ids."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"".join(ID.sub(b"%02x" % copy, line) for copy in range(copies) for line in lines(name)))
    return path


def whole_and_in_parts(path: Path, settings: Settings, size: int) -> tuple[Portion, Portion, Spy]:
    (candidate,) = discover([str(path)]).candidates
    task = Task(7, 3, [Kin([candidate])])
    workers = Spy(settings)
    (parted,) = Splitter(workers, settings, size).run([task])
    return perform(task, settings), parted, workers


class Spy:
    """This process; remembers which parts it was given, and how many files to read whole."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.parts: list[Part] = []
        self.whole = 0

    def __enter__(self) -> Spy:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def stop(self) -> None:
        pass

    def run(self, tasks: Iterable[Task]) -> Iterator[Portion]:
        for task in tasks:
            if isinstance(task.piece, Part):
                self.parts.append(task.piece)
            self.whole += task.piece is None
            yield perform(task, self._settings)


@pytest.mark.parametrize("name", NAMES)
def test_real_files_are_cut_and_give_the_same(name: str, mapping: Mapping, tmp_path: Path) -> None:
    path = written(tmp_path / "all.jsonl", name)
    whole, parted, workers = whole_and_in_parts(path, settings_of(name, mapping), path.stat().st_size // 2)
    assert told(parted) == told(whole)
    assert len(workers.parts) > 1 and not workers.whole
    assert whole.reports[0].decisions >= 8


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 1 << 30), share=st.floats(0.02, 1))
def test_any_file_gives_the_same(
    name: str, mapping: Mapping, tmp_path_factory: pytest.TempPathFactory, seed: int, share: float
) -> None:
    path = tmp_path_factory.getbasetemp() / "any" / f"{name}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(file_of(name, seed))
    size = max(1, int(path.stat().st_size * share))
    whole, parted, _ = whole_and_in_parts(path, settings_of(name, mapping), size)
    assert told(parted) == told(whole)


def test_each_line_is_in_one_part_and_each_execution_too(mapping: Mapping, tmp_path: Path) -> None:
    path = written(tmp_path / "all.jsonl", "runs")
    data = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for number in range(90) for line in data[number::90]))
    _, _, workers = whole_and_in_parts(path, settings_of("runs", mapping), path.stat().st_size // 3)
    parts = workers.parts
    covered = sorted(place for part in parts for place in part.extents)
    assert len(covered) > len(parts) > 4
    assert [start for start, _ in covered] == [0, *(end for _, end in covered[:-1])]
    assert covered[-1][1] == path.stat().st_size


def test_ranges_end_with_lines_and_a_long_line_is_in_one(tmp_path: Path) -> None:
    data = b"{}\n" * 50 + b'{"a":"' + b"x" * 400 + b'"}\n' + b"{}\n" * 50 + b"{"
    (tmp_path / "a.jsonl").write_bytes(data)
    source = Source(str(tmp_path / "a.jsonl"), "s", size=len(data))
    for length in (1, 7, 64, 600):
        found = ranges(source, length)
        assert [each.start for each in found] == [0, *(each.end for each in found[:-1])]
        assert found[-1].end == len(data)
        assert all(data[each.start - 1] == ord("\n") for each in found[1:])
        assert all(each.end - each.start < length + 3 or b"xx" in data[each.start : each.end] for each in found)


@pytest.mark.parametrize("limits", [DEFAULT_LIMITS, Limits(record_bytes=3 * MIB // 2)])
def test_a_line_longer_than_several_ranges(mapping: Mapping, limits: Limits, tmp_path: Path) -> None:
    path = written(tmp_path / "all.jsonl", "runs", copies=2)
    first, *others = path.read_bytes().splitlines(keepends=True)
    long = others[40].replace(b'"inputs":{', b'"inputs":{"long":"' + b"word " * (MIB // 2) + b'",', 1)
    path.write_bytes(b"".join([first, *others[:40], long, *others[41:]]))
    whole, parted, workers = whole_and_in_parts(path, settings_of("runs", mapping, limits), MIB)
    assert told(parted) == told(whole)
    assert len(workers.parts) > 1 and not workers.whole
    assert whole.reports[0].quarantined == (limits is not DEFAULT_LIMITS)


def test_more_damage_than_is_kept(mapping: Mapping, tmp_path: Path) -> None:
    path = written(tmp_path / "all.jsonl", "runs", copies=2)
    data = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line + b"{odd}\n" * 20 for line in data))
    whole, parted, workers = whole_and_in_parts(path, settings_of("runs", mapping), path.stat().st_size // 2)
    assert told(parted) == told(whole)
    assert len(workers.parts) > 1 and not workers.whole
    assert (len(whole.damages), whole.reports[0].quarantined) == (1000, 20 * len(data))


def fails_beyond(read: Any, place: int, where: str) -> Any:
    """A reader that gives up at a place of the file, as it is or in a part."""

    def reading(source: Source, limits: Limits) -> Reading:
        for record in read(source, limits):
            if record.offset >= place and (where == "both" or source.extents is not None):
                raise SourceError("too odd", hint="")
            yield record

    return reading


@pytest.mark.parametrize("where", ["both", "part"])
def test_what_goes_wrong_in_a_part_goes_as_if_there_were_none(
    where: str, mapping: Mapping, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "t" / "all.jsonl", "runs")
    size = path.stat().st_size
    (candidate,) = discover([str(path)]).candidates
    found = Recogniser(settings_of("runs", mapping)).of(candidate, SourceReport(candidate))
    assert found is not None
    breaking = fails_beyond(found[0].read, size // 2, where)
    adapter = msgspec.structs.replace(found[0], read=breaking)
    monkeypatch.setattr("soma.harvester.recognise.adapters", lambda: (adapter,))
    whole, parted, workers = whole_and_in_parts(path, settings_of("runs", mapping), size // 2)
    assert told(parted) == told(whole)
    assert len(workers.parts) > 1 and workers.whole == 1
    assert whole.reports[0].state == ("failed" if where == "both" else "read")
    harvest_into(tmp_path / "vault", tmp_path / "t", split_bytes=size // 2)
    assert len(list((tmp_path / "vault").rglob("decisions/*.parquet"))) == (0 if where == "both" else 1)


class TestAVault:
    @pytest.mark.parametrize("jobs", [pytest.param(1, marks=pytest.mark.slow), 2])
    def test_of_all_traces_is_the_same(
        self, tmp_path: Path, fixtures: Path, at_once: Path, jobs: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pool, "_POOL_PAYS_BYTES", 1)
        joined = spied(monkeypatch)
        harvest_into(tmp_path / "vault", fixtures, jobs=jobs, split_bytes=12_000)
        assert len(joined) == 5
        assert_whole(tmp_path / "vault")
        assert_same(tmp_path / "vault", at_once)

    def test_of_one_file_has_the_same_numbers_of_readings(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        joined = spied(monkeypatch)
        path = written(tmp_path / "t" / "all.jsonl", "runs")
        harvest_into(tmp_path / "whole", path)
        assert not joined
        harvest_into(tmp_path / "parts", path, split_bytes=path.stat().st_size // 2)
        assert len(joined) == 1
        rows = [[numbers(tmp_path / name, table) for table in (EXECUTIONS, DECISIONS)] for name in ("whole", "parts")]
        assert rows[0] == rows[1]
        assert harvest_into(tmp_path / "parts", path, split_bytes=path.stat().st_size // 2).sources.unchanged == 1

    def test_of_a_file_that_grows_is_the_same(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        joined = spied(monkeypatch)
        path = written(tmp_path / "t" / "all.jsonl", "runs")
        data = path.read_bytes()
        for end in (len(data) // 2, len(data) - 300, len(data)):
            path.write_bytes(data[:end])
            for name, size in (("whole", 1 << 40), ("parts", 100_000)):
                harvest_into(tmp_path / name, tmp_path / "t", split_bytes=size)
            assert_whole(tmp_path / "parts")
            assert_same(tmp_path / "parts", tmp_path / "whole")
        assert len(joined) == 3
        assert one(tmp_path / "parts", "SELECT count(*) FROM executions") > 20

    def test_a_worker_that_is_killed_costs_nothing_but_time(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = written(tmp_path / "t" / "all.jsonl", "runs")
        size = path.stat().st_size // 5
        harvest_into(tmp_path / "whole", path)
        monkeypatch.setattr(pool, "_POOL_PAYS_BYTES", 1)
        run = Pool.run

        def killing(self: Pool, tasks: Iterable[Task]) -> Iterator[Portion]:
            for portion in run(self, tasks):
                if isinstance(portion.task.piece, Part) and self._executor is not None:
                    process = next(iter(self._executor._processes.values()))
                    process.kill()
                    process.join()
                yield portion

        with monkeypatch.context() as patched, pytest.raises(SomaError, match="a worker process died"):
            patched.setattr(Pool, "run", killing)
            harvest_into(tmp_path / "parts", path, jobs=2, split_bytes=size)
        assert one(tmp_path / "parts", "SELECT count(*) FROM decisions") == 0
        harvest_into(tmp_path / "parts", path, jobs=2, split_bytes=size)
        assert_whole(tmp_path / "parts")
        assert_same(tmp_path / "parts", tmp_path / "whole")

    def test_of_two_files_that_share_executions_is_the_same(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        joined = spied(monkeypatch)
        path = written(tmp_path / "t" / "all.jsonl", "runs")
        data = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(data[:200]))
        (tmp_path / "t" / "other.jsonl").write_bytes(b"".join(data[190:]))
        for name, size in (("whole", 1 << 40), ("parts", 100_000)):
            harvest_into(tmp_path / name, tmp_path / "t", split_bytes=size)
        assert len(joined) == 2
        assert_same(tmp_path / "parts", tmp_path / "whole")


def spied(monkeypatch: pytest.MonkeyPatch) -> list[Portion]:
    """What was read in parts, as it was put together."""
    found: list[Portion] = []
    joined = Splitter._joined

    def join(self: Splitter, *given: Any) -> Portion:
        found.append(joined(self, *given))
        return found[-1]

    monkeypatch.setattr(Splitter, "_joined", join)
    return found


def numbers(vault: Path, table: Any) -> list[str]:
    """The rows of a table as they are stored, numbers of readings and revisions included."""
    return sorted(map(repr, VaultRoot(vault).snapshot().read(table).to_pylist()))
