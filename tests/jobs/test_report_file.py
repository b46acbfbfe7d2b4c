"""soma-report.json: both vocabularies in one file, valid, finite, and the same to the byte."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from soma import codec
from soma.synthesizer.jobs import report
from soma.synthesizer.jobs.report.explain import render
from soma.synthesizer.jobs.report.schema import json_schema, shipped

from .lake import execution
from .test_briefing_page import digest
from .whole import HOSTILE, Whole, harmless, insight, said, shown, source

NOW = 1_790_000_000_000_000
# What every reader of AgentFlow accepts: its dashboard's words and the seed's.
ACCEPTED = json.loads("""
{
  "available": true,
  "generatedAt": "2026-03-21T09:30:00.000Z", "generated": "2026-03-21T09:30:00.000Z",
  "agents": [{"name": "agent-alpha", "id": "agent-alpha", "totalRuns": 42, "runs": 42,
    "failures": 2, "failureRate": 0.048, "status": "healthy", "totalTokenCost": 0,
    "lastSeen": "2026-03-21T09:27:00.000Z"}],
  "insights": [{"id": "retry-heavy-agents", "type": "archetype", "title": "Retry heavy agents",
    "claim": "Six agents retry above the threshold", "summary": "Six agents retry above the threshold",
    "confidence": "high", "confidence_score": 0.82, "layer": "emerging",
    "proposal_status": "pending", "status": "pending", "source_agents": ["agent-alpha"]}],
  "policies": [{"name": "canon-max-retry-count", "id": "canon-max-retry-count", "type": "policy",
    "enforcement": "error", "severity": "error", "scope": "all", "conditions": "retries > 3",
    "layer": "canon", "status": "enforcing"}],
  "guardRecommendations": [{"agent": "agent-alpha", "action": "block", "reason": "fails", "explanation": "why"}],
  "canon": [], "intelligence": [],
  "totals": {"agents": 1, "executions": 42, "insights": 1, "policies": 1, "archetypes": 0},
  "layers": {"archive": 298, "working": 12, "emerging": 19, "canon": 8},
  "governance": {"pending": 4, "promoted": 6, "rejected": 2}
}
""")
SEED_AGENT = {"id", "runs", "failures", "failureRate", "status", "lastSeen"}


def lake(threads: int = 1, agent: str = "agent-c") -> Whole:
    sources = [
        source("/a"),
        source("/b", "failed", reason="damaged"),
        source("/c", "unrecognised", reason="no adapter"),
        source("/d", quarantined=3, redacted=2, reason="3 of 9 records could not be used"),
        source("/e", "empty"),
    ]
    insights = [
        insight("i1", [agent], confidence=0.82, origin="soma synthesize"),
        insight("i2", [agent], status="promoted"),
        insight("i3", [agent], status="rejected", confidence=None),
    ]
    made = digest(agent, sources=sources, insights=insights)
    made._connection.execute(f"SET threads = {threads}")
    return made


def written(made: Whole) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(codec.pretty(report.run(made, now=NOW, version=7)))
    return value


def test_the_schema_that_ships_is_the_one_of_the_classes_and_a_valid_schema() -> None:
    assert shipped() == json.loads(codec.pretty(json_schema()))
    jsonschema.Draft202012Validator.check_schema(shipped())


def test_a_report_is_valid() -> None:
    jsonschema.validate(written(lake()), shipped(), jsonschema.Draft202012Validator)
    jsonschema.validate(written(Whole([])), shipped(), jsonschema.Draft202012Validator)


def test_the_schema_notices_a_report_that_is_not() -> None:
    good = written(lake())
    without = {key: value for key, value in good.items() if key != "available"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(without, shipped(), jsonschema.Draft202012Validator)
    for part, key, value in (
        ("agents", "status", "fine"),
        ("agents", "failureRate", 1.5),
        ("insights", "confidence", 0.8),
        ("divergences", "verdict", "maybe"),
        ("insights", "confidence_score", -0.1),
    ):
        bad = json.loads(json.dumps(good))
        bad[part][0][key] = value
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, shipped(), jsonschema.Draft202012Validator)


def test_every_key_agentflow_reads_occurs_with_its_type() -> None:
    value = written(lake())
    for key, example in ACCEPTED.items():
        assert type(value[key]) is type(example), key
    for part in ("totals", "layers", "governance"):
        assert dict.fromkeys(ACCEPTED[part], int).items() <= {k: type(v) for k, v in value[part].items()}.items()
    for part in ("agents", "insights"):
        for item in value[part]:
            for key, example in ACCEPTED[part][0].items():
                if key == "totalTokenCost":
                    continue
                kind = (int, float) if isinstance(example, float) else type(example)
                assert isinstance(item[key], kind), (part, key)
    # Lists that are still empty: the schema holds the keys, and takes the example as it is.
    definitions = shipped()["$defs"]
    for part, name in (("policies", "Policy"), ("guardRecommendations", "GuardRecommendation")):
        assert ACCEPTED[part][0].keys() <= definitions[name]["properties"].keys()
        jsonschema.validate(ACCEPTED[part][0], {**definitions[name], "$defs": definitions})


def test_tokens_are_told_where_they_are_recorded_and_left_out_where_not() -> None:
    made = Whole([execution("e", "a", tokens_in=3, tokens_out=4, cost_usd=0.25), execution("f", "b")])
    with_tokens, without = sorted(written(made)["agents"], key=lambda agent: agent["name"])
    assert (with_tokens["totalTokenCost"], with_tokens["costUsd"]) == (7, 0.25)
    assert "totalTokenCost" not in without
    assert without["costUsd"] is None


def test_agents_are_told_with_the_interval_behind_the_light() -> None:
    agents = {agent["name"]: agent for agent in written(lake())["agents"]}
    assert agents.keys() == {"agent-a", "agent-c"}
    worse = agents["agent-c"]
    assert worse.keys() >= SEED_AGENT
    assert (worse["status"], worse["health"], worse["failures"], worse["judged"]) == ("critical", "critical", 21, 30)
    assert worse["failureRate"] == 0.7
    assert worse["failureInterval"]["low"] == pytest.approx(0.521, abs=1e-3)
    assert worse["failureInterval"]["high"] == pytest.approx(0.833, abs=1e-3)
    assert worse["success"]["successes"] == 9
    assert worse["healthReason"] == "70.0 % of its runs do not achieve their task (21 of 30) [52.1, 83.3]."


def test_only_a_healthy_agent_is_shown_as_healthy() -> None:
    few = [execution(f"e{n}", "few", status="completed") for n in range(2)]
    agents = {agent["name"]: agent for agent in written(Whole([*few, execution("s", "silent")]))["agents"]}
    assert (agents["few"]["status"], agents["few"]["health"]) == ("warning", "not enough data")
    assert (agents["silent"]["status"], agents["silent"]["health"]) == ("warning", "unknown")
    assert agents["silent"]["failureRate"] is None
    assert agents["silent"]["failureInterval"] is None


def test_divergences_are_told_as_pairs_and_as_computed_insights() -> None:
    value = written(lake())
    (pair,) = value["divergences"]
    assert (pair["verdict"], pair["step"], pair["tasks"]) == ("different", 2, 1)
    assert (pair["first"]["choice"], pair["second"]["choice"]) == ("process:poll", "exec:node")
    assert pair["effect"]["estimate"] == pytest.approx(-0.633333)
    assert pair["effect"]["interval"]["high"] < 0
    (computed,) = [item for item in value["insights"] if item["type"] == "divergence"]
    assert computed["id"] == pair["id"] == value["intelligence"][0]["id"]
    assert (computed["status"], computed["proposal_status"], computed["layer"]) == ("computed", "computed", "archive")
    assert computed["source_agents"] == ["agent-a", "agent-c"]
    assert computed["claim"].endswith("agent-c should take process:poll at step 2, as agent-a does.")
    # Each agent makes only its own choice: that is a confound, and the confidence says so.
    assert pair["confounds"]
    assert computed["confidence"] == "medium"
    assert 0.95 <= computed["confidence_score"] < 1
    assert value["divergencesTotal"] == 1


def test_layers_and_governance_count_what_the_vault_holds() -> None:
    value = written(lake())
    assert value["layers"] == {"archive": 60, "working": 0, "emerging": 1, "canon": 0}
    assert value["governance"] == {"pending": 1, "toDecide": 1, "promoted": 1, "rejected": 1}
    pending = [
        item for item in value["insights"] if item["layer"] == "emerging" and item["proposal_status"] == "pending"
    ]
    assert [(item["id"], item["confidence"], item["confidence_score"]) for item in pending] == [("i1", "high", 0.82)]
    unstated = next(item for item in value["insights"] if item["id"] == "i3")
    assert (unstated["confidence"], unstated["confidence_score"]) == ("low", 0)
    assert value["totals"]["insights"] == len(value["insights"]) == 4


def test_sources_say_what_could_not_be_used() -> None:
    sources = written(lake())["sources"]
    counted = {
        key: sources[key] for key in ("total", "read", "empty", "unrecognised", "failed", "quarantined", "redacted")
    }
    assert counted == {
        "total": 5, "read": 2, "empty": 1, "unrecognised": 1, "failed": 1, "quarantined": 3, "redacted": 2
    }  # fmt: skip
    assert [item["path"] for item in sources["unusable"]] == ["/b", "/d", "/e", "/c"]
    assert sources["unusableTotal"] == 4


def test_what_a_framework_cannot_tell_is_listed() -> None:
    runs = [execution("1", knows={"success": "cannot", "cost_usd": "missing"}),
            execution("2", knows={"success": "cannot", "cost_usd": "cannot"})]  # fmt: skip
    value = written(Whole(runs))
    assert value["sources"]["cannotTell"] == {"generic": ["success"]}
    assert "success of 2 of 2 runs" in value["notKnown"]


def test_only_the_clock_moves_a_report() -> None:
    texts = {codec.pretty(report.run(lake(threads), now=NOW, version=7)) for threads in (1, 2, 8)}
    assert len(texts) == 1
    early, late = (report.run(lake(), now=NOW + passed, version=7) for passed in (0, 5_000_000))
    moved = {
        key for key, value in json.loads(codec.encode(late)).items() if value != json.loads(codec.encode(early))[key]
    }
    assert moved == {"generatedAt", "generated"}


def test_every_number_is_finite_and_every_text_is_told_as_text() -> None:
    value = written(lake(agent=HOSTILE))
    for number in numbers(value):
        assert math.isfinite(number)
    assert HOSTILE in {agent["name"] for agent in value["agents"]}
    assert harmless(value["insights"][0]["claim"])


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from numbers(item)
    elif isinstance(value, int | float):
        yield value


def test_the_page_says_what_was_written_and_what_to_type_next() -> None:
    page = shown(render(report.run(lake(agent=HOSTILE), now=NOW, version=7), "soma-report.json"), 100)
    assert harmless(page)
    assert page.startswith("soma-report.json: 2 agents, 60 executions, ")
    assert "1 different, of 1 pair of agents compared on the same tasks" in page
    assert "1 proposal waits for a decision" in page
    assert "Not known: " in said(page)
    assert "soma briefing --agent 'evil" in page
