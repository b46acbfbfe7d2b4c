"""One trace kept twice, nested and as OTLP, is one execution, in whatever order the two are harvested."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from soma import Vault
from soma.adapters.blocks.document import as_object
from soma.adapters.trail.nested import flat_spans

ROWS = "SELECT execution_id, adapter, decisions, tokens_in FROM executions ORDER BY execution_id"


def otlp(trace: dict[str, Any]) -> dict[str, Any]:
    """The trace in the spelling of OTLP/JSON."""
    spans = []
    for item in flat_spans(trace):
        attributes = [
            {"key": key, "value": {"stringValue": value if isinstance(value, str) else json.dumps(value)}}
            for key, value in item["attributes"].items()
        ]
        spans.append({
            "traceId": item["context"]["trace_id"], "spanId": item["context"]["span_id"],
            "parentSpanId": item["parent_id"] or "", "name": item["name"], "attributes": attributes,
            "startTimeUnixNano": str(item["start_time"] * 1000), "endTimeUnixNano": str(item["end_time"] * 1000),
            "status": {"code": 2 if str(as_object(item["status"]).get("status_code")).lower() == "error" else 0},
        })  # fmt: skip
    return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": spans}]}]}


@pytest.mark.corpus
def test_a_trace_in_both_forms_counts_once(corpus: Path, tmp_path: Path) -> None:
    original = sorted((corpus / "attribution" / "trail-swe").rglob("*.json"))
    nested = next(path for path in original if "annotations" not in path.parts)
    twin = tmp_path / "twin.json"
    twin.write_text(json.dumps(otlp(json.loads(nested.read_bytes()))))
    alone = Vault(tmp_path / "alone")
    alone.harvest([nested], jobs=1)
    (expected,) = alone.sql(ROWS).to_pylist()
    assert expected["decisions"] > 0
    other = Vault(tmp_path / "other")
    other.harvest([twin], jobs=1)
    assert [row["execution_id"] for row in other.sql(ROWS).to_pylist()] == [expected["execution_id"]]
    for number, order in enumerate(itertools.permutations([nested, twin])):
        together = Vault(tmp_path / f"{number}")
        for path in order:
            together.harvest([path], jobs=1)
        assert together.sql(ROWS).to_pylist() == [expected]
        assert together.sql("SELECT count(*) AS n FROM decisions").to_pylist() == [{"n": expected["decisions"]}]
