"""The human-labelled sets of failed runs, joined to the rows a vault holds of them.

A label names a place in the raw file (a message, a span); a vault holds decisions. Each case carries, for every
decision, its place in the numbering of the labels, so that a prediction is scored in the labels' own numbering and a
label on something that is no decision (a user's message, a terminal's answer) counts as missed, not as absent.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from soma import Vault
from soma.synthesizer.inputs import Queryable
from soma.synthesizer.jobs import localize
from soma.synthesizer.jobs.localize.model import Run, Step

WHO, TAU, TRAIL = "whowhen-algorithm", "agentrx-tau", "trail-swe"
SETS = (WHO, TAU, TRAIL)


@dataclass(frozen=True)
class Case:
    """One failed run with its human labels.

    Attributes:
        places: Place of every decision in the numbering of the labels.
        blamed: Places that count as right.
        targets: Decisions a model learns from: those at the blamed places; where the label is on words between two
            calls, the call those words follow.
        blamed_agent: The agent the label names, where several agents talk.
        on: What the label points at: ``decision``, ``words``, ``user`` or ``terminal``.
    """

    name: str
    run: Run
    steps: list[Step]
    places: list[int]
    blamed: frozenset[int]
    targets: frozenset[int]
    on: str
    blamed_agent: str | None = None
    speakers: list[str] = field(default_factory=list)


def cases(corpus: Path) -> dict[str, list[Case]]:
    """All cases of each set, in the order of the names of their runs. Harvests the sets into a vault of its own."""
    folder = corpus / "attribution"
    with tempfile.TemporaryDirectory() as scratch:
        vault = Vault(Path(scratch) / "vault")
        vault.harvest([folder / name for name in SETS])
        snapshot = vault.snapshot()
        return {
            WHO: sorted(_who(snapshot), key=lambda case: case.name),
            TAU: sorted(_tau(snapshot, folder / TAU), key=lambda case: case.name),
            TRAIL: sorted(_trail(snapshot, folder / TRAIL), key=lambda case: case.name),
        }


def _who(vault: Queryable) -> Iterator[Case]:
    """Who&When: the label is an index into the messages and the name of an agent."""
    sources = {Path(row["path"]): row["claims"] for row in vault.sql("SELECT path, claims FROM sources").to_pylist()}
    for path, claims in sources.items():
        if path.parent.name != WHO:
            continue
        raw = json.loads(path.read_text(encoding="utf-8"))
        run, steps = localize.read(vault, claims[0])
        spoken = [place for place, message in enumerate(raw["history"]) if not _terminal(message)]
        assert len(spoken) == len(steps), path
        label = int(raw["mistake_step"])
        yield Case(
            name=f"{int(path.stem):04}", run=run, steps=steps, places=spoken, blamed=frozenset({label}),
            targets=frozenset(index for index, place in enumerate(spoken) if place == label),
            on="decision" if label in spoken else "terminal", blamed_agent=raw["mistake_agent"],
            speakers=[step.tool for step in steps],
        )  # fmt: skip


def _terminal(message: dict[str, Any]) -> bool:
    return bool(message["name"] == "Computer_terminal")


def _tau(vault: Queryable, folder: Path) -> Iterator[Case]:
    """AgentRx: the root cause is a message of the transcript, counted from 1; a decision is a call in a message."""
    runs = {run["task_id"]: run for run in json.loads((folder / "tau_dataset_failed.json").read_text(encoding="utf-8"))}
    for label in json.loads((folder / "tau_ground_truth.json").read_text(encoding="utf-8")):
        talk = runs[label["trajectory_id"]]["traj"]
        root = next(f for f in label["failures"] if f["failure_id"] == label["root_cause"]["failure_id"])
        place = int(root["step_number"]) - 1
        found = vault.sql(
            "SELECT execution_id FROM executions WHERE task_id = ? AND framework = 'tau-bench' ORDER BY execution_id",
            (f"tau:retail:{label['trajectory_id']}",),
        ).to_pylist()
        assert len(found) == 1, label["trajectory_id"]
        run, steps = localize.read(vault, found[0]["execution_id"])
        called = {call["id"]: index for index, message in enumerate(talk) for call in message.get("tool_calls") or ()}
        places = [called[step.decision_id.partition("#")[2].partition("~")[0]] for step in steps]
        role = talk[place]["role"] if place < len(talk) else "assistant"
        on = "decision" if place in places else "user" if role == "user" else "words"
        before = [index for index, other in enumerate(places) if other <= place]
        exact = [index for index, other in enumerate(places) if other == place]
        targets = exact or (before[-1:] if on == "words" else [])
        yield Case(
            name=f"{label['trajectory_id']:04}", run=run, steps=steps, places=places, blamed=frozenset({place}),
            targets=frozenset(targets), on=on,
        )  # fmt: skip


def _trail(vault: Queryable, folder: Path) -> Iterator[Case]:
    """TRAIL: errors with an impact at spans; right is a decision at one of the errors of the highest impact of the run.

    An error at a model's span belongs to the step around it.
    """
    order = ("HIGH", "MEDIUM", "LOW")
    for path in sorted((folder / "annotations").iterdir()):
        errors = json.loads(path.read_text(encoding="utf-8"))["errors"]
        trace = json.loads((folder / "traces" / path.name).read_text(encoding="utf-8"))
        found = vault.sql(
            "SELECT execution_id FROM executions WHERE ends_with(execution_id, ?) ORDER BY execution_id",
            (f":{trace['trace_id']}",),
        ).to_pylist()
        assert len(found) == 1, path
        run, steps = localize.read(vault, found[0]["execution_id"])
        ids = {step.decision_id.partition("#")[2].partition("#")[0]: index for index, step in enumerate(steps)}
        around = dict(_around(trace["spans"], ids, None))
        hits = {
            impact: {around[e["location"]] for e in errors if e["impact"] == impact and e["location"] in around}
            - {None}
            for impact in order
        }
        blamed = next((found for impact in order if (found := hits[impact])), set())
        if errors:
            yield Case(
                name=path.stem, run=run, steps=steps, places=list(range(len(steps))),
                blamed=frozenset(index for index in blamed if index is not None),
                targets=frozenset(index for index in blamed if index is not None), on="decision" if blamed else "words",
            )  # fmt: skip


def _around(spans: list[dict[str, Any]], ids: dict[str, int], outer: int | None) -> Iterator[tuple[str, int | None]]:
    """Every span with the decision it is, holds (tools of a step), or lies in."""
    for span in spans:
        own = ids.get(span["span_id"], outer)
        inside = list(_around(span["child_spans"], ids, own))
        if own is None and span["span_name"].startswith("Step "):
            # The step of a tool: its model call and itself stand for the tool it called.
            held = next((index for _, index in inside if index is not None), None)
            inside = [(span_id, held if index is None else index) for span_id, index in inside]
            own = held
        yield span["span_id"], own
        yield from inside
