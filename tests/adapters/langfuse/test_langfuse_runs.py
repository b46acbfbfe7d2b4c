"""Executions: how they end, who judges them, and the many ways one trace is exported."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.langfuse import ADAPTER
from tests.adapters.reading import sniff

from .building import observation, only, read, trace, write, write_lines

ROOT = observation("run", None, "AGENT", lasts=9, input="please")
CALL = observation("lookup", "run", "TOOL", 2, input={"id": 7}, output="x")


def snake(fields: dict[str, Any]) -> dict[str, Any]:
    return {"".join(f"_{c.lower()}" if c.isupper() else c for c in key): value for key, value in fields.items()}


FORMS: dict[str, Any] = {
    "download": {"trace": trace(), "observations": [ROOT, CALL]},
    "download with copies": {"trace": trace(observations=[ROOT, CALL | {"input": None}]), "observations": [CALL, ROOT]},
    "trace": trace(observations=[CALL, ROOT], scores=[]),
    "traces": [trace(observations=[ROOT, CALL])],
    "page": {"data": [trace(observations=[ROOT, CALL])], "meta": {"page": 1}},
    "session": {"id": "s", "createdAt": "x", "traces": [trace(observations=[ROOT, CALL])]},
    "observations": [CALL, ROOT],
    "page of observations": {"data": [CALL, ROOT], "meta": {}},
    "snake case": [snake(CALL), snake(ROOT)],
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("lines", [False, True])
def test_a_trace_is_the_same_however_it_was_exported(tmp_path: Path, form: str, lines: bool) -> None:
    value = FORMS[form]
    if lines:
        path = write_lines(tmp_path / "x.jsonl", [*(value if isinstance(value, list) else [value]), {**CALL}])
    else:
        path = write(tmp_path / "x.json", value)
    match = sniff(ADAPTER, path)
    assert match is not None
    assert match.confidence == 1.0
    out = read(path)
    assert out.damage == []
    (run,) = out.executions
    assert (run.execution_id, run.claims, run.status, run.task_text) == ("lf:t", ["lf:t"], "completed", "please")
    ((decision),) = run.decisions
    assert (decision.native_id, decision.arguments, decision.duration_ms) == ("lookup", {"id": 7}, 1000.0)
    data = path.read_bytes()[decision.offset : decision.offset + decision.length]
    assert b"lookup" in data


def test_time_windows_of_one_trace_merge_in_any_order(tmp_path: Path, fixtures: Path) -> None:
    whole = next((fixtures / "langfuse").glob("koog*"))
    value = json.loads(whole.read_text())
    value["trace"]["observations"] = []
    files = [write(tmp_path / f"{n}.json", value["observations"][n::3]) for n in range(3)]
    files.append(write(tmp_path / "trace.json", {"trace": value["trace"], "observations": []}))
    readings = [read(*order).executions for order in itertools.permutations(files)]
    assert all(reading == readings[0] for reading in readings)
    (run,) = readings[0]
    same = only(whole)
    assert [d.native_id for d in run.decisions] == [d.native_id for d in same.decisions]
    assert (run.tokens_in, run.cost_usd, run.status, run.task_text) == (
        same.tokens_in,
        same.cost_usd,
        same.status,
        same.task_text,
    )


def test_copies_of_a_trace_count_once(tmp_path: Path) -> None:
    first = write(tmp_path / "a.json", FORMS["download"])
    second = write(tmp_path / "b.json", FORMS["trace"])
    (run,) = read(first, second).executions
    assert len(run.decisions) == 1


def test_without_its_root_nobody_can_tell_how_a_run_ended(tmp_path: Path) -> None:
    run = only(write(tmp_path / "x.json", [CALL, observation("next", "run", "TOOL", 4, level="ERROR")]))
    assert (run.status, run.error) == ("unknown", None)
    assert [d.outcome for d in run.decisions] == ["ok", "failed"]
    assert run.started_at is not None
    assert run.ended_at == run.started_at + 3_000_000


@pytest.mark.parametrize(
    ("roots", "status", "error"),
    [
        ([ROOT | {"level": "ERROR", "statusMessage": "crashed"}], "failed", "crashed"),
        ([ROOT | {"level": "ERROR"}], "failed", "inside"),
        ([ROOT | {"endTime": None}], "unknown", None),
        ([ROOT | {"level": "ERROR", "id": "r0", "endTime": ROOT["startTime"]}, ROOT], "completed", None),
        ([ROOT, observation("note", None, "EVENT", 1, None, level="ERROR")], "completed", None),
    ],
)
def test_a_run_ends_like_its_last_root(tmp_path: Path, roots: list[dict[str, Any]], status: str, error: str) -> None:
    inside = observation("deep", "run", "TOOL", 3, level="ERROR", statusMessage="inside")
    run = only(write(tmp_path / "x.json", {"trace": trace(), "observations": [*roots, inside]}))
    assert (run.status, run.error) == (status, error)


@pytest.mark.parametrize(
    ("scores", "verdict"),
    [
        ([], (None, None, None)),
        ([{"name": "toxicity", "value": 0}], (None, None, None)),
        ([{"name": "correctness", "value": 0.9, "source": "EVAL"}], (0.9, True, "evaluation")),
        ([{"name": "Task Success", "value": 0, "source": "ANNOTATION"}], (0.0, False, "feedback")),
        ([{"name": "resolved", "value": None, "stringValue": "yes", "source": "API"}], (1.0, True, "feedback")),
        ([{"name": "success", "value": True}, {"name": "success", "value": 0}], (0.5, None, None)),
        ([{"name": "reward", "value": 7}], (7.0, None, None)),
        ([{"name": "success", "value": 1, "observationId": "lookup"}], (None, None, None)),
        ([{"name": "success", "value": "seven"}], (None, None, None)),
    ],
)
def test_success_comes_from_scores_of_the_task_alone(
    tmp_path: Path, scores: list[dict[str, Any]], verdict: tuple[Any, ...]
) -> None:
    inside = write(tmp_path / "a.json", trace(observations=[ROOT], scores=scores))
    beside = write(tmp_path / "b.json", {"trace": trace(), "observations": [ROOT], "scores": scores})
    apart = write(tmp_path / "c.json", [ROOT, *({**score, "traceId": "t", "id": "s"} for score in scores)])
    for path in (inside, beside, apart):
        run = only(path)
        assert (run.score, run.success, run.success_from) == verdict
        assert run.status == "completed"


def test_a_trace_tells_agent_task_session_user_and_labels(tmp_path: Path) -> None:
    told = trace(
        userId="u", sessionId="s", environment="production", release="v2", tags=["b", "a"],
        metadata='{"agent": "desk-agent", "task_id": "refund-3"}',
        input='{"messages": [{"role": "user", "content": "go"}]}',
    )  # fmt: skip
    run = only(write(tmp_path / "x.json", {"trace": told, "observations": [ROOT]}))
    assert (run.agent_id, run.task_id, run.task_text) == ("desk-agent", "task:refund-3", "go")
    assert (run.session_id, run.operator_id) == ("s", "u")
    assert run.labels == {"environment": "production", "release": "v2", "trace": "desk", "tags": "a,b"}
    enriched = ROOT | {"sessionId": "s", "userId": "u", "traceName": "desk", "environment": "default"}
    row = only(write(tmp_path / "y.json", [enriched, CALL]))
    assert (row.session_id, row.operator_id, row.labels, row.agent_id) == ("s", "u", {"trace": "desk"}, "run")


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"usageDetails": {"input": 10, "output": 2, "total": 12}}, (10, 2, None, None)),
        ({"usageDetails": {"input": 10, "output": 2, "total": 12, "prompt_details.cache_read": 4}}, (6, 2, 4, None)),
        ({"usageDetails": {"input": 6, "output": 2, "total": 12, "input_cached_tokens": 4}}, (6, 2, 4, None)),
        (
            {"usageDetails": {"input": 1, "output": 2, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 4}},
            (1, 2, 3, 4),
        ),
        ({"usage": {"input": 5, "output": 1, "total": 6, "unit": "TOKENS"}}, (5, 1, None, None)),
        ({"promptTokens": 5, "completionTokens": 1}, (5, 1, None, None)),
        ({"usageDetails": {"total": 9}}, (None, None, None, None)),
        ({}, (None, None, None, None)),
    ],
)
def test_tokens_in_the_words_of_all_versions(tmp_path: Path, usage: dict[str, Any], tokens: tuple[Any, ...]) -> None:
    run = only(write(tmp_path / "x.json", [ROOT, observation("think", "run", "GENERATION", 1, **usage)]))
    assert (run.tokens_in, run.tokens_out, run.tokens_cache_read, run.tokens_cache_write) == tokens


@pytest.mark.parametrize(
    ("fields", "cost"),
    [
        ({"costDetails": {"input": 1.0, "output": 2.0, "total": 3.0}}, 3.0),
        ({"costDetails": {"input": "1.5", "output": 2}}, 3.5),
        ({"costDetails": {"total": 0}}, 0.0),
        ({"costDetails": {}, "totalCost": 0}, None),
        ({"calculatedTotalCost": 0.25}, 0.25),
        ({}, None),
    ],
)
def test_cost_is_never_invented(tmp_path: Path, fields: dict[str, Any], cost: float | None) -> None:
    run = only(write(tmp_path / "x.json", [ROOT, observation("think", "run", "GENERATION", 1, **fields)]))
    assert run.cost_usd == cost
