"""What AgentFlow's dashboard reads of soma-report.json, as rules of a reader that fails where it would show nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

import jsonschema

from soma.synthesizer.jobs.report.schema import shipped

from .conftest import Nights

LAYERS = ("archive", "working", "emerging", "canon")
ENFORCEMENT = {"info", "warn", "error", "abort"}


def read(report: dict[str, Any], now: dt.datetime) -> dict[str, Any]:
    """Everything the pages of the dashboard show, with the keys and types they insist on."""
    assert report["available"] is True, "else the teaser is shown"
    generated = dt.datetime.fromisoformat(report["generatedAt"])
    agents = [
        {
            "name": _text(agent["name"]), "runs": _count(agent["totalRuns"]), "failures": _count(agent["failures"]),
            "rate": _share(agent["failureRate"] or 0), "tokens": agent.get("totalTokenCost", 0) + 0,
        }
        for agent in report["agents"]
        if agent["status"] in {"healthy", "warning", "critical"}
    ]  # fmt: skip
    insights = [
        {
            "type": _text(item["type"]), "title": _text(item["title"]), "claim": _text(item["claim"]),
            "score": _share(item["confidence_score"]), "layer": LAYERS.index(item["layer"]),
            "state": item["proposal_status"], "agents": [_text(name) for name in item["source_agents"]],
        }
        for item in report["insights"]
        if item["confidence"] in {"high", "medium", "low"}
    ]  # fmt: skip
    for policy in report["policies"]:
        assert policy["enforcement"] in ENFORCEMENT
        assert all(_text(policy[key]) for key in ("name", "scope", "conditions"))
    for advice in report["guardRecommendations"]:
        assert advice["action"] in {"allow", "block"}
        assert _text(advice["agent"])
        assert _text(advice["reason"])
    for entry in report["canon"]:
        assert _text(entry["ratified_by"])
        dt.datetime.fromisoformat(entry["ratified_at"])
    return {
        "stale": now - generated > dt.timedelta(minutes=30),
        "tier": "pro" if isinstance(report["governance"]["pending"], int) else "free",
        "agents": agents,
        "pending": [item for item in insights if item["layer"] == 2 and item["state"] == "pending"],
        "pairs": [item for item in insights if len(item["agents"]) >= 2],
        "totals": [_count(report["totals"][key]) for key in
                   ("agents", "executions", "insights", "policies", "archetypes")],
        "layers": [_count(report["layers"][key]) for key in LAYERS],
        "governance": [_count(report["governance"][key]) for key in ("pending", "promoted", "rejected")],
        "intelligence": len(report["intelligence"]),
    }  # fmt: skip


def _text(value: Any) -> str:
    assert isinstance(value, str)
    assert value
    return value


def _count(value: Any) -> int:
    assert type(value) is int
    assert value >= 0
    return value


def _share(value: Any) -> float:
    assert isinstance(value, int | float)
    assert 0 <= value <= 1
    return float(value)


def test_the_dashboard_finds_every_key_it_needs(nights: Nights) -> None:
    report = nights.report
    shown = read(report, dt.datetime(2026, 11, 29, 3, 10, tzinfo=dt.UTC))
    assert not shown["stale"]
    assert shown["tier"] == "pro"
    assert len(shown["agents"]) == len(report["agents"]) == 4
    assert len(shown["pending"]) == report["governance"]["pending"] > 0
    assert shown["pairs"]
    assert shown["totals"][:2] == [4, 168]
    assert shown["layers"] == [168, 168, len(shown["pending"]), 0]


def test_the_seeds_readers_find_theirs(nights: Nights) -> None:
    report = nights.report
    assert report["generated"] == report["generatedAt"]
    assert all({"id", "runs", "failures", "failureRate", "status", "lastSeen"} <= agent.keys()
               for agent in report["agents"])  # fmt: skip
    assert all({"id", "type", "layer", "status", "summary"} <= item.keys() for item in report["insights"])


def test_the_report_of_a_night_is_valid_and_tells_pressure_ledger_and_blindness(nights: Nights) -> None:
    report = nights.report
    jsonschema.validate(report, shipped(), jsonschema.Draft202012Validator)
    pressed = {each["agent"]: each for each in report["pressure"]}
    runner = pressed["node-runner"]
    assert runner["peak"] > pressed["poller"]["peak"]
    assert runner["observe"] + runner["guide"] + runner["warn"] + runner["block"] == runner["decisions"]
    assert runner["reachedWarn"]["total"] == runner["executions"] == 48
    ledger = report["sources"]["ledger"]
    assert len(ledger) == report["sources"]["total"] == 169
    assert ledger == sorted(ledger, key=lambda entry: entry["path"])
    profiles = report["coverage"]["profiles"]
    assert sum(each["executions"] for each in profiles) == report["totals"]["executions"]
    assert {each["cells"]["success"] for each in profiles} == {"cannot"}
    (format_,) = report["coverage"]["formats"]
    assert format_["cells"].keys() == set(report["coverage"]["fields"])
