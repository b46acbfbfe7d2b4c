"""A format described in a TOML file is read like any other."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from soma.adapters.contract import Adapter
from soma.adapters.mapped import adapter_of, load
from soma.errors import ConfigError
from tests.adapters.reading import run, sniff
from tests.conftest import ROOT

DOC = (ROOT / "docs" / "mapping.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", DOC, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def acme(tmp_path: Path) -> Adapter:
    (tmp_path / "acme.toml").write_text(block("toml"), encoding="utf-8")
    return adapter_of(load(str(tmp_path / "acme.toml")))


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "run-1.jsonl"
    path.write_text(block("json"), encoding="utf-8")
    return path


def test_the_documented_mapping_reads_the_documented_lines(acme: Adapter, trace: Path) -> None:
    assert sniff(acme, trace) is not None
    (execution,) = run(acme, trace).executions
    assert (execution.execution_id, execution.agent_id, execution.task_id) == ("acme:r-17", "mailer", "acme:digest")
    assert (execution.status, execution.success, execution.success_from) == ("failed", False, "reward")
    (decision,) = execution.decisions
    assert (decision.tool, decision.arguments, decision.outcome) == ("smtp.send", {"to": 3}, "failed")
    assert (decision.error, decision.duration_ms, decision.native_id) == ("connection refused", 2000.0, "c1")


def test_results_may_come_before_their_calls(acme: Adapter, trace: Path, tmp_path: Path) -> None:
    call, answer, end = trace.read_text().splitlines()
    (tmp_path / "other.jsonl").write_text("\n".join([answer, end, call]) + "\n")
    (execution,) = run(acme, tmp_path / "other.jsonl").executions
    assert [decision.outcome for decision in execution.decisions] == ["failed"]


def test_a_document_with_decisions_inside_its_records(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(
        'name = "steps"\nrecords = "data.runs"\n[match]\nid = true\n[execution]\nid = "id"\n'
        '[decision]\neach = "steps"\ntool = "name"\noutput = "result.text"\nduration_s = "secs"\n',
    )
    adapter = adapter_of(load(str(tmp_path / "m.toml")))
    document = {"data": {"runs": [
        {"id": 1, "steps": [{"name": "look", "result": {"text": "a"}, "secs": 0.5}, {"name": "take"}, "odd"]},
        {"id": 2, "steps": []},
        "odd",
    ]}}  # fmt: skip
    (tmp_path / "runs.json").write_text(json.dumps(document))
    out = run(adapter, tmp_path / "runs.json")
    assert sniff(adapter, tmp_path / "runs.json") is not None
    first, second = out.executions
    assert [(d.tool, d.outcome, d.duration_ms) for d in first.decisions] == [
        ("look", "ok", 500.0),
        ("take", "unknown", None),
    ]
    assert second.decisions == [] and len(out.damage) == 1


def test_other_files_are_not_claimed(acme: Adapter, fixtures: Path) -> None:
    for path in sorted(fixtures.rglob("*.json*")):
        assert sniff(acme, path) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name = 'x'", "decision"),
        ("name = 'x'\n[decision]\ntool = 't'", "which files"),
        ("name = 'X y'\n[match]\na = 1\n[decision]\ntool = 't'", "name"),
        ("name = 'x'\n[match]\na = 1\n[decision]\ntool = 't'\ntol = 'u'", "tol"),
        ("name = 'x'\n[match]\na = 1\n[decision]\ntool = 't'\n[outcomes]\nbad = 'broken'", "broken"),
        ("name = ", "cannot be read"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_why(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(text)
    with pytest.raises(ConfigError, match=told) as raised:
        load(str(tmp_path / "m.toml"))
    assert raised.value.where == str(tmp_path / "m.toml")


def test_a_changed_mapping_is_another_version(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(block("toml"))
    (tmp_path / "b.toml").write_text(block("toml").replace('err = "failed"', 'err = "timeout"'))
    first, second = (adapter_of(load(str(tmp_path / name))) for name in ("a.toml", "b.toml"))
    assert first.version != second.version
