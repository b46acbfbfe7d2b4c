"""A huge file that is read in parts, by any number of workers, gives what it gives when one reads it whole."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soma.adapters.mapped import load
from soma.adapters.mapped.mapping import Mapping
from soma.adapters.registry import adapters
from soma.harvester import pool, split
from soma.harvester.discover import Candidate, discover
from soma.harvester.harvest import Options, harvest
from soma.harvester.piece import Part
from soma.harvester.pool import Pool
from soma.harvester.portion import Kin, Portion, Settings, Task
from soma.harvester.split import Splitter, ranges
from soma.harvester.work import perform
from soma.schema import DECISIONS, EXECUTIONS
from soma.source import Source
from soma.vault import VaultRoot
from tests.conftest import ROOT

from .test_fast_paths import mutated
from .traces import append
from .vaults import assert_like_scratch, assert_same, assert_whole, harvest_into, one

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
        again = [ID.sub(b"%02x" % copy, line) if copy else line for line in lines(name)]
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


def settings_of(name: str, mapping: Mapping) -> Settings:
    return Settings(vault=None, key=b"secret", mapping=mapping if name == "mapped" else None)


def whole_and_in_parts(path: Path, settings: Settings, size: int) -> tuple[Portion, Portion, list[Part]]:
    (candidate,) = discover([str(path)]).candidates
    task = Task(7, 3, [Kin([candidate])])
    workers = Spy(settings)
    (parted,) = Splitter(workers, settings, size).run([task])
    return perform(task, settings), parted, workers.parts


class Spy(Pool):
    """One process; remembers which parts it was given."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(1, settings, 0)
        self.parts: list[Part] = []

    def run(self, tasks: Any) -> Iterator[Portion]:
        for task in tasks:
            if isinstance(task.piece, Part):
                self.parts.append(task.piece)
            yield perform(task, self._settings)


@pytest.mark.parametrize("name", NAMES)
def test_real_files_are_cut_and_give_the_same(name: str, mapping: Mapping, tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    path.write_bytes(b"".join(ID.sub(b"%02x" % copy, line) for copy in range(4) for line in lines(name)))
    whole, parted, parts = whole_and_in_parts(path, settings_of(name, mapping), path.stat().st_size // 2)
    assert len(parts) > 1
    assert told(parted) == told(whole)
    assert whole.reports[0].decisions >= 8


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=12, deadline=None)
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
