"""What an engine, its workers or the way to them may get wrong, and what the harvest makes of it."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pyarrow as pa
import pytest
import zstandard

from soma.engine import session as session_module
from soma.engine import wire, worker
from soma.engine.pool import workers_of
from soma.engine.session import EngineError, EngineSession, open_session
from soma.errors import SomaError, UsageError, VaultError
from soma.harvester.harvest import Options, harvest
from soma.harvester.summary import Summary
from soma.vault import VaultRoot
from tests.harvest.traces import session as session_lines
from tests.harvest.traces import write
from tests.harvest.vaults import assert_same, assert_whole, harvest_into, one

from .vaults import orphans, stored

# Not imported here: the library ends a process it takes for its own doctests.
pytestmark = pytest.mark.skipif(find_spec("pyspark") is None, reason="pip install 'soma-harvest[spark]'")

Row = tuple[int, bytes]


class Engine:
    """Runs what it is given in this process, row by row, and hands the answers through ``deliver``."""

    def __init__(self, deliver: Callable[[Iterator[Row]], Iterable[Row]] = iter) -> None:
        self._deliver = deliver
        self.plans: list[bytes] = []

    def range(self, start: int, end: int, step: int, partitions: int) -> Engine:
        assert (end - start) / step == partitions
        self._numbers = list(range(start, end, step))
        return self

    def mapInArrow(self, function: worker.Reader, schema: str) -> Engine:  # noqa: N802 - the name it has in PySpark
        self.plans.append(zstandard.decompress(function._plan))
        self._function = function
        return self

    def toLocalIterator(self) -> Iterator[Any]:  # noqa: N802
        for number, answer in self._deliver(self._answers()):
            yield SimpleNamespace(number=number, answer=answer)

    def interruptAll(self) -> None:  # noqa: N802
        pass

    def _answers(self) -> Iterator[Row]:
        for number in self._numbers:
            given = iter([pa.record_batch({"id": pa.array([number], pa.int64())})])
            for batch in self._function(given):
                yield batch["number"][0].as_py(), batch["answer"][0].as_py()


def harvest_by(engine: Engine, vault: Path, *paths: Path) -> Summary:
    root = VaultRoot(vault)
    session = EngineSession("sc://elsewhere:1", cast(Any, engine), "4.2.0")
    return harvest([str(path) for path in paths], root, Options(), start_workers=workers_of(session, root))


@pytest.fixture
def traces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("soma.harvester.plan._TASK_SOURCES", 1)
    for number in range(4):
        write(tmp_path / "traces" / f"s{number}.jsonl", session_lines(f"s{number}", 3 + number))
    return tmp_path / "traces"


class TestAnswers:
    def test_one_that_comes_twice_is_committed_once(self, tmp_path: Path, traces: Path) -> None:
        def twice(rows: Iterator[Row]) -> Iterable[Row]:
            for row in rows:
                yield from (row, row)

        harvest_by(Engine(twice), tmp_path / "vault", traces)
        harvest_into(tmp_path / "here", traces)
        assert stored(tmp_path / "vault") == stored(tmp_path / "here")

    def test_a_task_that_was_done_twice_leaves_a_file_that_no_table_names(self, tmp_path: Path, traces: Path) -> None:
        def again(rows: Iterator[Row]) -> Iterable[Row]:
            return [*rows, *engine._answers()]

        engine = Engine(again)
        harvest_by(engine, tmp_path / "vault", traces)
        harvest_into(tmp_path / "here", traces)
        assert len(orphans(tmp_path / "vault")) == 4
        assert stored(tmp_path / "vault") == stored(tmp_path / "here")

    def test_one_that_does_not_come_ends_the_harvest_and_keeps_the_rest(self, tmp_path: Path, traces: Path) -> None:
        with pytest.raises(EngineError, match="1 of 4 tasks"):
            harvest_by(Engine(lambda rows: list(rows)[:-1]), tmp_path / "vault", traces)
        assert_whole(tmp_path / "vault")
        assert one(tmp_path / "vault", "SELECT count(*) FROM executions") == 3
        harvest_by(Engine(), tmp_path / "vault", traces)
        harvest_into(tmp_path / "here", traces)
        assert_same(tmp_path / "vault", tmp_path / "here")

    def test_one_that_is_no_answer(self, tmp_path: Path, traces: Path) -> None:
        with pytest.raises(EngineError, match="cannot be read"):
            harvest_by(Engine(lambda rows: [(0, b"\xc1")]), tmp_path / "vault", traces)


class TestWorkers:
    def test_with_another_soma(self, tmp_path: Path, traces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(worker, "__version__", "0.0.1")
        with pytest.raises(EngineError, match="another soma") as caught:
            harvest_by(Engine(), tmp_path / "vault", traces)
        assert "pip install" in caught.value.hint

    def test_that_see_another_vault(self, tmp_path: Path, traces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        VaultRoot(tmp_path / "vault").create()
        elsewhere = SimpleNamespace(key=lambda: bytes(32))
        monkeypatch.setattr(worker, "VaultRoot", lambda _: elsewhere)
        with pytest.raises(EngineError, match="another vault"):
            harvest_by(Engine(), tmp_path / "vault", traces)

    def test_that_see_no_vault(self, tmp_path: Path, traces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(worker, "VaultRoot", lambda _: VaultRoot(tmp_path / "nowhere"))
        with pytest.raises(EngineError, match="cannot read the vault's key"):
            harvest_by(Engine(), tmp_path / "vault", traces)

    def test_whose_disk_is_not_shared(self, tmp_path: Path, traces: Path) -> None:
        def unseen(rows: Iterator[Row]) -> Iterable[Row]:
            for row in rows:
                for name in orphans(tmp_path / "vault"):
                    (tmp_path / "vault" / "archive" / "decisions" / name).unlink()
                yield row

        with pytest.raises(EngineError, match="not to be seen here"):
            harvest_by(Engine(unseen), tmp_path / "vault", traces)
        assert one(tmp_path / "vault", "SELECT count(*) FROM executions") == 0

    def test_that_cannot_write(self, tmp_path: Path, traces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_: object) -> None:
            raise VaultError("the disk is full", where="/shared", hint="make room")

        monkeypatch.setattr(worker, "perform", full)
        with pytest.raises(VaultError, match="the disk is full") as caught:
            harvest_by(Engine(), tmp_path / "vault", traces)
        assert (caught.value.where, caught.value.hint, caught.value.exit_code) == ("/shared", "make room", 5)


def test_the_key_does_not_travel(tmp_path: Path, traces: Path) -> None:
    engine = Engine()
    harvest_by(engine, tmp_path / "vault", traces)
    key = VaultRoot(tmp_path / "vault").key()
    assert len(engine.plans) == 1
    assert str(traces).encode() in engine.plans[0]
    assert key not in engine.plans[0]
    assert wire.decode_plan(engine.plans[0]).settings.key == b""


def test_many_tasks_go_in_rounds(tmp_path: Path, traces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("soma.engine.pool._ROUND_TASKS", 3)
    engine = Engine()
    harvest_by(engine, tmp_path / "vault", traces)
    assert [len(wire.decode_plan(plan).tasks) for plan in engine.plans] == [3, 1]
    assert one(tmp_path / "vault", "SELECT count(*) FROM executions") == 4


@pytest.mark.skipif(sys.platform != "linux", reason="file names are text elsewhere")
def test_a_path_that_cannot_be_sent_is_read_here(tmp_path: Path, traces: Path) -> None:
    write(Path(os.fsdecode(os.fsencode(traces) + b"/\xff.jsonl")), session_lines("odd", 5))
    engine = Engine()
    harvest_by(engine, tmp_path / "vault", traces)
    assert len(wire.decode_plan(engine.plans[0]).tasks) == 4
    assert one(tmp_path / "vault", "SELECT count(*) FROM executions") == 5


class TestTheWayToTheServer:
    @pytest.mark.parametrize("address", ["spark://a:7077", "sc://", "sc://a:99999", "sc://a:b", "remote", "sc://a:1/x"])
    def test_addresses_that_are_none(self, address: str) -> None:
        with pytest.raises(UsageError, match="--engine") as caught:
            open_session(address)
        assert "sc://host" in caught.value.hint

    def test_nobody_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(session_module, "_REACHED_WITHIN_S", 0.3)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            address = f"sc://127.0.0.1:{silent.getsockname()[1]}"
            with pytest.raises(EngineError, match="no Spark Connect server answers") as caught:
                open_session(f"{address}/;token=s3cret")
        assert caught.value.where == address
        assert "s3cret" not in repr(caught.value)

    def test_the_extra_is_not_installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pyspark.sql.connect", None)
        with pytest.raises(SomaError, match="pyspark-client") as caught:
            open_session("sc://127.0.0.1:1")
        assert caught.value.hint == "pip install 'soma-harvest[spark]'"
