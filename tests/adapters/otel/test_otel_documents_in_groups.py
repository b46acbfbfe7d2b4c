"""A document of many groups of spans is read group by group and comes to the same executions."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from soma.adapters.otel import ADAPTER
from tests.adapters.reading import run

READ = importlib.import_module("soma.adapters.otel.read")


def _groups(fixtures: Path) -> list[Any]:
    lines = (fixtures / "otel" / "openinference-langchain.jsonl").read_text(encoding="utf-8").splitlines()
    return [group for line in lines for group in json.loads(line)["resourceSpans"]]


@pytest.mark.parametrize("indent", [None, 2])
def test_it_yields_what_the_whole_document_yields(
    tmp_path: Path, fixtures: Path, monkeypatch: pytest.MonkeyPatch, indent: int | None
) -> None:
    groups = _groups(fixtures)
    path = tmp_path / "export.json"
    path.write_text(json.dumps({"about": [1], "resourceSpans": groups}, indent=indent), encoding="utf-8")
    whole = run(ADAPTER, path)
    monkeypatch.setattr(READ, "_MANY", 2)
    parts = run(ADAPTER, path)
    assert len(groups) > 2 and whole.executions
    assert msgspec.to_builtins(parts.executions) == msgspec.to_builtins(whole.executions)
    assert parts.damage == whole.damage == []


def test_a_damaged_group_costs_itself_alone(tmp_path: Path, fixtures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    groups = _groups(fixtures)
    path = tmp_path / "export.json"
    path.write_text(json.dumps({"resourceSpans": groups}), encoding="utf-8")
    whole = run(ADAPTER, path)
    path.write_text(json.dumps({"resourceSpans": [*groups, 3, None, {"scopeSpans": [{"spans": [5]}]}]}))
    monkeypatch.setattr(READ, "_MANY", 2)
    parts = run(ADAPTER, path)
    assert parts.by_id().keys() == whole.by_id().keys()
    assert [damage.reason for damage in parts.damage] == ["1 spans without a trace id or span id"]
