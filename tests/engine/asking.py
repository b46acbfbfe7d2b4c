"""Every query that soma ships, with parameters out of the vault it is asked of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from soma.vault import Snapshot
from tests.conftest import ROOT

PARAMETERS: Mapping[str, Sequence[str]] = {
    "evidence/ledger": ("sources",),
    "evidence/records": ("decisions", "ids"),
    "governance/backtest/decisions": ("ids", "places"),
    "governance/consultations/query": ("word",),
    "governance/guards/runs": ("agent",),
    "pressure/replay/decisions": ("ids", "places"),
    "pressure/replay/executions": ("agent", "agent", "none", "none"),
    "pressure/replay/family": ("ids",),
    "pressure/replay/kept": ("ids", "ids"),
    "pressure/replay/missing": ("word",),
    "pressure/replay/named": ("ids", "places"),
    "pressure/replay/outcomes": ("firings",),
    "synthesizer/answered": ("basis",),
    "synthesizer/export/actions": ("ids",),
    "synthesizer/export/cases": ("ids",),
    "synthesizer/export/decisions": ("id",),
    "synthesizer/export/events": ("ids",),
    "synthesizer/export/execution": ("id",),
    "synthesizer/export/picked": ("agent", "agent", "none", "none"),
    "synthesizer/html/trajectory": ("ids",),
    "synthesizer/jobs/briefing/actions": ("agent", "agent", "agent"),
    "synthesizer/jobs/briefing/ends": ("agent", "agent", "agent"),
    "synthesizer/jobs/briefing/failures": ("agent", "agent", "agent"),
    "synthesizer/jobs/briefing/insights": ("spoken of",),
    "synthesizer/jobs/briefing/peak": ("id",),
    "synthesizer/jobs/briefing/repeats": ("agent",) * 5,
    "synthesizer/jobs/calibrate/decisions": ("ids", "few"),
    "synthesizer/jobs/calibrate/one": ("id", "id"),
    "synthesizer/jobs/calibrate/texts": ("ids",),
    "synthesizer/jobs/chain/decisions": ("owner", "id"),
    "synthesizer/jobs/chain/executions": ("id", "beginning"),
    "synthesizer/jobs/chain/several_decisions": ("owners", "ids"),
    "synthesizer/jobs/chain/several_executions": ("ids",),
    "synthesizer/jobs/conformance/decisions": ("ids",),
    "synthesizer/jobs/conformance/owner": ("beginning",),
    "synthesizer/jobs/conformance/query": ("none", "none"),
    "synthesizer/jobs/drift/query": ("none", "none"),
    "synthesizer/jobs/grade/one": ("id",),
    "synthesizer/jobs/grade/unknown": ("agent", "agent", "none", "none"),
    "synthesizer/jobs/guidance/query": ("few",),
    "synthesizer/jobs/guidance/shadow": ("few",),
    "synthesizer/jobs/health/query": ("none", "none"),
    "synthesizer/jobs/healing/query": ("role", "few"),
    "synthesizer/jobs/insights/executions_of": ("decisions",),
    "synthesizer/jobs/insights/state": ("basis",),
    "synthesizer/jobs/insights/team": ("team",),
    "synthesizer/jobs/lessons/query": ("few",),
    "synthesizer/jobs/localize/own": ("ids",),
    "synthesizer/jobs/localize/peers": ("ids", "id"),
    "synthesizer/jobs/localize/query": ("owner", "id"),
    "synthesizer/jobs/localize/run": ("id", "id"),
    "synthesizer/jobs/process_map/edges": ("ids", "places", "good"),
    "synthesizer/jobs/process_map/nodes": ("ids", "places"),
    "synthesizer/jobs/process_map/runs": ("agent", "agent"),
    "synthesizer/jobs/process_map/strata": ("ids", "places", "strata", "good", "edges", "from", "to"),
    "synthesizer/jobs/signatures/query": ("none", "none"),
    "synthesizer/kept": ("job", "asked", "basis"),
}
"""Names of the values that stand for the ``?`` of a query; one that is not here has none."""
VIEWS = ("executions", "decisions", "visible", "paths", "paths_kept", "paths_missing", "insights", "vitals", "pressure",
         "firings", "firing_outcomes", "decayed", "quarantine", "outcomes", "results", "team_findings")  # fmt: skip
KEYS = {"decisions": "decision_id", "pressure": "decision_id", "quarantine": "source_id, source_offset, reason",
        "outcomes": "key", "insights": "insight_id", "decayed": "insight_id",
        "team_findings": "insight_id", "firings": "firing_id",
        "firing_outcomes": "firing_id, horizon", "results": "job, parameters"}  # fmt: skip


def queries() -> dict[str, str]:
    """Name and text of each query the jobs and commands ask, and one of every view."""
    found = {}
    for folder in ("evidence", "governance", "pressure", "synthesizer"):
        for path in sorted((ROOT / folder).rglob("*.sql")):
            found[path.relative_to(ROOT).with_suffix("").as_posix()] = path.read_text(encoding="utf-8")
    for view in VIEWS:
        order = ", ".join(f"{key} NULLS LAST" for key in KEYS.get(view, "execution_id").split(", "))
        found[f"view {view}"] = f"SELECT * FROM {view} ORDER BY {order}"
    return found


def values(snapshot: Snapshot) -> dict[str, Any]:
    """What parameters stand for: an agent with failures, its longest execution, many ids."""
    here = snapshot.local()

    def column(query: str) -> list[Any]:
        found: list[Any] = here.sql(query).column(0).to_pylist()
        return found

    ids = column("SELECT execution_id FROM executions ORDER BY execution_id LIMIT 400")
    (agent,) = column("SELECT agent_id FROM executions GROUP BY agent_id ORDER BY sum(failed) DESC, agent_id LIMIT 1")
    longest, owner = here.rows(
        "SELECT execution_id, agent_id FROM executions ORDER BY decisions DESC, execution_id LIMIT 1"
    )[0]
    spoken_of = column("SELECT unnest(agents) AS agent FROM insights WHERE status = 'pending' ORDER BY agent LIMIT 1")
    edges = here.sql("""
        SELECT DISTINCT lag(action) OVER (PARTITION BY execution_id ORDER BY step) AS a, action AS b
        FROM decisions ORDER BY a NULLS FIRST, b LIMIT 40""").to_pylist()
    kept = here.sql("SELECT job, parameters, basis FROM results ORDER BY job, parameters LIMIT 1").to_pylist()
    return {
        "agent": agent, "id": longest, "owner": owner, "owners": [owner], "beginning": longest[:3], "ids": ids,
        "places": list(range(len(ids))), "spoken of": next(iter(spoken_of), ""),
        "none": None, "few": 5, "role": "role", "word": "a",
        "team": next(iter(column("SELECT team_id FROM team_findings")), ""),
        "sources": column("SELECT source_id FROM sources ORDER BY path"),
        "decisions": column("SELECT decision_id FROM decisions ORDER BY decision_id LIMIT 300"),
        "firings": column("SELECT firing_id FROM firings ORDER BY firing_id"),
        "good": [(True, False, None)[place % 3] for place in range(len(ids))],
        "strata": [place % 2 for place in range(len(ids))],
        "edges": list(range(len(edges))), "from": [edge["a"] for edge in edges], "to": [edge["b"] for edge in edges],
        "basis": kept[0]["basis"] if kept else "", "job": kept[0]["job"] if kept else "",
        "asked": kept[0]["parameters"] if kept else "",
    }  # fmt: skip


def folder_of(name: str) -> Path:
    """Where a query lies."""
    return ROOT / Path(name).parent


def ask_all(snapshot: Snapshot) -> dict[str, int]:
    """Ask every query; how many rows each answered."""
    known = values(snapshot)
    return {
        name: snapshot.sql(text, [known[value] for value in PARAMETERS.get(name, ())]).num_rows
        for name, text in queries().items()
    }
