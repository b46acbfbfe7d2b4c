"""Long executions are given away part by part: what the vault answers is the same, and a broken one leaves nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pytest

from soma.adapters import registry
from soma.adapters.contract import Adapter, Yield
from soma.harvester import work
from soma.harvester.normalise import normaliser
from soma.model import ExecutionDraft
from soma.source import Damage, Record

from .traces import session, spans, write
from .vaults import assert_same, assert_whole, harvest_into, one

CALLS = 11


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "t"
    write(folder / "long.jsonl", session("long", CALLS))
    write(folder / "longer.jsonl", session("longer", 3 * CALLS))
    write(folder / "short.jsonl", session("short", 2))
    (folder / "otel.json").write_bytes(msgspec.json.encode(spans("ab" * 16, first=0, count=CALLS, root=True)))
    return folder


@pytest.mark.parametrize(("long", "part"), [(1, 1), (4, 4), (CALLS - 1, 3), (CALLS - 1, 100), (CALLS, 4)])
def test_the_vault_answers_the_same(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, long: int, part: int
) -> None:
    whole = harvest_into(tmp_path / "whole", folder)
    monkeypatch.setattr(work, "_TOGETHER_DECISIONS", long)
    monkeypatch.setattr(normaliser, "_LONG", long)
    monkeypatch.setattr(normaliser, "_PART", part)
    parts = harvest_into(tmp_path / "parts", folder)
    assert (parts.executions, parts.decisions) == (whole.executions, whole.decisions) == (4, 5 * CALLS + 2)
    assert_whole(tmp_path / "parts")
    assert_same(tmp_path / "parts", tmp_path / "whole")
    assert harvest_into(tmp_path / "parts", folder).sources.unchanged == 4


@pytest.mark.parametrize("together", [4, 1000], ids=["alone", "together with others"])
def test_one_that_cannot_be_written_down_leaves_no_rows_and_no_files(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    (claude,) = [adapter for adapter in registry.adapters() if adapter.name == "claude-code"]

    def spoil(records: Iterable[Record | Damage]) -> Iterator[Yield]:
        for item in claude.map(records):
            if isinstance(item, ExecutionDraft) and item.execution_id == "cc:long":
                item.decisions[CALLS - 2].output = 12  # type: ignore[assignment]
            yield item

    broken: Adapter = msgspec.structs.replace(claude, map=spoil)
    others = tuple(broken if adapter is claude else adapter for adapter in registry.adapters())
    monkeypatch.setattr("soma.harvester.recognise.adapters", lambda: others)
    monkeypatch.setattr(work, "_TOGETHER_DECISIONS", together)
    monkeypatch.setattr(normaliser, "_LONG", 4)
    monkeypatch.setattr(normaliser, "_PART", 4)
    vault = tmp_path / "vault"
    summary = harvest_into(vault, folder)
    assert [(Path(item.path).name, item.state) for item in summary.unusable] == [("long.jsonl", "failed")]
    assert (summary.executions, summary.exit_code) == (3, 4)
    assert one(vault, "SELECT count(*) FROM decisions WHERE execution_id = 'cc:long'") == 0
    assert one(vault, "SELECT count(*) FROM decisions WHERE execution_id = 'cc:longer'") == 3 * CALLS
    files = sorted((vault / "archive" / "decisions").glob("*.parquet"))
    # Nine parts of the longer one, three of the trace, and one for the short one.
    assert len(files) == 9 + 3 + 1
    assert_whole(vault)
