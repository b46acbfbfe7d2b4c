"""``soma map`` and ``soma export``: data on stdout or in a file, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from soma.vault.snapshot import Snapshot
from tests.cli.conftest import Soma, soma

from .readers import read_ocel, read_xes

__all__ = ["soma"]


@pytest.fixture
def place(shipped: Snapshot) -> list[str]:
    return ["--vault", str(shipped.vault)]


def test_an_event_log_goes_to_a_file_or_to_the_screen(soma: Soma, place: list[str], tmp_path: Path) -> None:
    for format_, read in (("xes", read_xes), ("ocel", read_ocel)):
        target = tmp_path / "logs" / f"log.{format_}"
        written = soma("export", "--format", format_, "--agent", "curator", "--out", str(target), *place)
        assert (written.code, written.out) == (0, "")
        assert "runs with" in written.err
        read(target.read_text(encoding="utf-8"))
        shown = soma("export", "--format", format_, "--agent", "curator", *place)
        assert shown.out == target.read_text(encoding="utf-8")
        told = soma("export", "--format", format_, "--agent", "curator", "--out", str(target), "--json", *place).json
        assert (told["schema"], told["format"], told["runs"]) == ("soma.export", format_, 8)
        assert told["events"] >= told["eventsWithoutTime"]
        assert [path.name for path in target.parent.glob(".*")] == []


def test_events_without_a_time_are_told(soma: Soma, place: list[str], tmp_path: Path) -> None:
    written = soma("export", "--format", "xes", "--agent", "starchat", "--out", str(tmp_path / "log.xes"), *place)
    assert "events have no recorded time" in written.err
    (event, *_) = [event for trace in read_xes((tmp_path / "log.xes").read_text()) for event in trace.events]
    assert event["time_recorded"] is False


@pytest.mark.parametrize("format_", ["atif", "xes", "ocel"])
def test_what_does_not_exist_is_not_written(soma: Soma, place: list[str], tmp_path: Path, format_: str) -> None:
    out = ["--out", str(tmp_path / "out")]
    for chosen in (["--agent", "nobody"], ["--task", "no such task"], ["--execution", "no-such-run"]):
        answer = soma("export", "--format", format_, *chosen, *out, *place)
        assert answer.code == 1, chosen
        assert "Traceback" not in answer.err
    assert list(tmp_path.iterdir()) == []
    assert soma("export", "--format", format_, "--execution", "x", "--agent", "y", *place).code == 2
    blocked = soma("export", "--format", format_, "--agent", "curator", "--out", "/dev/null/x", *place)
    assert blocked.code == 4
    assert "cannot be written" in blocked.err


def test_runs_on_one_task_as_atif(soma: Soma, place: list[str], tmp_path: Path) -> None:
    task = soma("tasks", "--json", *place).json["tasks"][0]
    answer = soma("export", "--task", task["key"], "--out", str(tmp_path), *place)
    assert answer.code == 0, answer.err
    assert len(list(tmp_path.glob("*.json"))) == task["executions"]


def test_the_map_as_page_data_and_pictures(soma: Soma, place: list[str]) -> None:
    page = soma("map", "--agent", "gpt-4", *place)
    assert (page.code, page.err) == (0, "")
    assert page.out.startswith("gpt-4   ")
    whole = soma("map", "--agent", "gpt-4", "--json", *place).json
    assert (whole["schema"], whole["folded"]["edges"]) == ("soma.map", 0)
    assert soma("map", "--agent", "gpt-4", "--format", "json", *place).json == whole
    few = soma("map", "--agent", "gpt-4", "--json", "--least", "10", *place).json
    assert len(few["edges"]) + few["folded"]["edges"] == len(whole["edges"])
    assert min(edge["executions"] for edge in few["edges"] if edge["verdict"] != "worse") >= 10
    assert soma("map", "--format", "dot", *place).out.startswith("digraph soma {")
    assert soma("map", "--format", "mermaid", "--share", "0.1", *place).out.startswith("flowchart TD")
    assert "did you mean" in soma("map", "--agent", "gtp-4", *place).err
    assert soma("map", "--task", "no such task", *place).code == 1
