"""A file that is read while spans still arrive: what it tells of early keeps its id to the end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soma import Vault
from soma.adapters.otel import ADAPTER
from tests.adapters.reading import run

from .building import agent, model, only, read, request, said, tool

Asked = tuple[str, str, dict[str, Any]]
CALLS = st.lists(
    st.tuples(st.sampled_from(["search", "save"]), st.integers(0, 3), st.booleans(), st.booleans()),
    min_size=1, max_size=3,
)  # fmt: skip
"""Of every call of an answer: tool, argument, whether the model's answer has its id, whether its span states it."""
CALM = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def spans_of(answers: list[list[tuple[str, int, bool, bool]]]) -> list[dict[str, Any]]:
    """A run in the order in which an exporter writes it: every span when it ends, the agent last."""
    found = []
    at = 10.0
    for number, calls in enumerate(answers):
        asked: list[Asked] = []
        for place, (name, value, has_id, _) in enumerate(calls):
            asked.append((f"c{number}-{place}" if has_id else "", name, {"q": value}))
        spans_id = 10 * number + 2
        text = said(f"answer {number}", *asked).replace('"id": "", ', "")
        found.append(model(spans_id, at=at, lasts=1, attributes={"gen_ai.output.messages": text}))
        for place, (name, value, has_id, stated) in enumerate(calls):
            facts: dict[str, Any] = {"gen_ai.tool.call.arguments": json.dumps({"q": value}), "output.value": "done"}
            if has_id and stated:
                facts["gen_ai.tool.call.id"] = f"c{number}-{place}"
            found.append(tool(spans_id + 1 + place, name=name, at=at + 2 + place, lasts=0.5, attributes=facts))
        at += 10
    return [*found, agent(1, at=0, lasts=at + 1)]


def ids(readout: Any) -> set[tuple[str, str | None]]:
    return {(found.execution_id, one.native_id) for found in readout.executions for one in found.decisions}


@CALM
@given(answers=st.lists(CALLS, min_size=1, max_size=4))
def test_what_was_told_early_has_the_same_id_in_the_whole(tmp_path: Path, answers: Any) -> None:
    lines = [request(item) for item in spans_of(answers)]
    whole = ids(read(tmp_path / "whole.jsonl", *lines))
    assert len(whole) == sum(map(len, answers))
    for end in range(1, len(lines)):
        assert ids(read(tmp_path / "cut.jsonl", *lines[:end])) <= whole


@pytest.mark.parametrize("name", ["openinference-langchain.jsonl", "openllmetry-langchain.jsonl"])
def test_real_files_cut_at_any_line_tell_the_same_ids(name: str, fixtures: Path, tmp_path: Path) -> None:
    lines = (fixtures / "otel" / name).read_bytes().splitlines(keepends=True)
    whole = ids(run(ADAPTER, fixtures / "otel" / name))
    seen = set()
    for end in range(1, len(lines)):
        (tmp_path / "cut.jsonl").write_bytes(b"".join(lines[:end]))
        seen |= ids(run(ADAPTER, tmp_path / "cut.jsonl"))
    assert seen and seen <= whole


def test_a_vault_that_grew_holds_what_one_from_scratch_holds(tmp_path: Path) -> None:
    lines = [request(item) for item in spans_of([[("search", 1, True, False), ("search", 2, True, True)]] * 3)]
    grown, fresh = Vault(tmp_path / "grown"), Vault(tmp_path / "fresh")
    question = "SELECT * EXCLUDE (revision) FROM decisions ORDER BY decision_id"
    early: set[str] = set()
    for end in range(1, len(lines) + 1):
        read(tmp_path / "t.jsonl", *lines[:end])
        grown.harvest([tmp_path / "t.jsonl"], jobs=1)
        early |= set(grown.sql(question).column("decision_id").to_pylist())
    fresh.harvest([tmp_path / "t.jsonl"], jobs=1)
    same = grown.sql(question).select(["decision_id", "step", "action", "outcome"])
    assert same == fresh.sql(question).select(["decision_id", "step", "action", "outcome"])
    assert early == set(same.column("decision_id").to_pylist()) and len(early) == 6


def test_a_failed_call_without_an_id_of_its_own_goes_by_the_one_that_was_asked_for(tmp_path: Path) -> None:
    text = said(None, ("c1", "search", {"q": 1}), ("c2", "search", {"q": 2}))
    trace = [
        model(2, attributes={"gen_ai.output.messages": text}),
        tool(4, attributes={"gen_ai.tool.call.arguments": '{"q": 2}', "error.type": "timeout"}),
        tool(5, attributes={"gen_ai.tool.call.arguments": '{"q": 1}', "gen_ai.tool.call.id": "c1"}),
        tool(6, attributes={"gen_ai.tool.call.id": "c1"}),
        agent(1, at=0, lasts=20),
    ]
    found = {one.native_id: one.outcome for one in only(read(tmp_path / "t.jsonl", request(*trace))).decisions}
    assert found.keys() == {"c1", "c2", f"{6:016x}"} and found["c2"] == "timeout"
