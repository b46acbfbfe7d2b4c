"""Spans come in any order, over several lines and files, and more than once."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path

import pytest

from soma.adapters.otel import ADAPTER
from tests.adapters.reading import run

from .building import agent, placeless, read, request, span, tool

FILES = ("openinference-langchain.jsonl", "openllmetry-langchain.jsonl")


@pytest.mark.parametrize("name", FILES)
def test_shuffled_spans_give_the_same_drafts(fixtures: Path, tmp_path: Path, name: str) -> None:
    lines = (fixtures / "otel" / name).read_text().splitlines()
    whole = placeless(run(ADAPTER, fixtures / "otel" / name).executions)
    assert sum(len(execution["decisions"]) for execution in whole) > 0
    for seed in range(3):
        random.Random(seed).shuffle(lines)
        path = tmp_path / f"{seed}.jsonl"
        path.write_text("\n".join(lines) + "\n")
        assert placeless(run(ADAPTER, path).executions) == whole


@pytest.mark.parametrize("name", FILES)
def test_a_trace_split_over_files_is_put_together(fixtures: Path, tmp_path: Path, name: str) -> None:
    lines = (fixtures / "otel" / name).read_text().splitlines()
    whole = placeless(run(ADAPTER, fixtures / "otel" / name).executions)
    parts = []
    for number in range(3):
        path = tmp_path / f"part-{number}.jsonl"
        path.write_text("\n".join(lines[number::3]) + "\n")
        parts.append(path)
    orders = [placeless(run(ADAPTER, *order).executions) for order in itertools.permutations(parts)]
    assert all(order == whole for order in orders)


def test_the_place_of_copies_does_not_depend_on_the_order_of_files(fixtures: Path, tmp_path: Path) -> None:
    text = (fixtures / "otel" / FILES[0]).read_text()
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    first.write_text(text)
    second.write_text(text)
    assert run(ADAPTER, first, second).executions == run(ADAPTER, second, first).executions


@pytest.mark.parametrize("name", FILES)
def test_doubled_lines_count_once(fixtures: Path, tmp_path: Path, name: str) -> None:
    lines = (fixtures / "otel" / name).read_text().splitlines()
    path = tmp_path / "doubled.jsonl"
    path.write_text("\n".join(itertools.chain(lines, lines)) + "\n")
    once = placeless(run(ADAPTER, fixtures / "otel" / name).executions)
    assert placeless(run(ADAPTER, path).executions) == once


def test_one_request_with_all_spans_is_the_same_as_one_per_line(fixtures: Path, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in (fixtures / "otel" / FILES[0]).read_text().splitlines()]
    document = {"resourceSpans": [group for line in lines for group in line["resourceSpans"]]}
    pretty, flat = tmp_path / "pretty.json", tmp_path / "flat.json"
    pretty.write_text(json.dumps(document, indent=2))
    flat.write_text(json.dumps(document))
    whole = placeless(run(ADAPTER, fixtures / "otel" / FILES[0]).executions)
    assert placeless(run(ADAPTER, pretty).executions) == whole
    assert placeless(run(ADAPTER, flat).executions) == whole


def test_of_two_records_of_one_span_the_ended_one_is_kept(tmp_path: Path) -> None:
    begun = tool(2, lasts=None, attributes={"gen_ai.tool.call.arguments": "{}", "extra": 1, "more": 2})
    ended = tool(2, attributes={"gen_ai.tool.call.result": "found"})
    for order in ((begun, ended), (ended, begun)):
        (execution,) = read(tmp_path / "t.jsonl", *(request(item) for item in (agent(1), *order))).executions
        assert [decision.output for decision in execution.decisions] == ["found"]


def test_every_source_of_a_trace_claims_it(fixtures: Path) -> None:
    for execution in run(ADAPTER, fixtures / "otel" / FILES[0]).executions:
        assert execution.claims == [execution.execution_id]


def test_a_first_line_longer_than_the_head_is_still_a_line(tmp_path: Path) -> None:
    long = request(agent(1, attributes={"padding": "x" * 300_000}))
    out = read(tmp_path / "long.jsonl", long, request(tool(2, attributes={"gen_ai.tool.call.result": "a"})))
    assert out.damage == []
    assert [len(execution.decisions) for execution in out.executions] == [1]


def test_a_torn_last_line_waits_for_the_next_harvest(tmp_path: Path) -> None:
    path = tmp_path / "torn.jsonl"
    whole = json.dumps(request(agent(1))) + "\n"
    path.write_text(whole + json.dumps(request(span(9)))[:-20])
    out = run(ADAPTER, path)
    assert out.damage == []
    assert out.sources[0].bytes_read == len(whole)
    assert len(out.executions) == 1
