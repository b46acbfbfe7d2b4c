"""PM4Py reads both event logs and finds the graph that ``soma map`` shows, edge by edge, agent by agent.

PM4Py is under the AGPL: it judges, and never ships. Install it with ``pip install --group oracle``.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import pytest

from soma.synthesizer.export.ocel import export_ocel
from soma.synthesizer.export.xes import export_xes
from soma.vault import VaultRoot
from soma.vault.snapshot import Snapshot
from tests.harvest.vaults import harvest_into

from .readers import Ends
from .test_event_logs import backwards, graph

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(importlib.util.find_spec("pm4py") is None, reason="PM4Py is not installed"),
    pytest.mark.filterwarnings("ignore"),
]


def found(pm4py: Any, log: Any) -> dict[Ends, int]:
    edges, starts, ends = pm4py.discover_dfg(log)
    followed: dict[Ends, int] = dict(edges)
    return {
        **followed,
        **{(None, name): n for name, n in starts.items()},
        **{(name, None): n for name, n in ends.items()},
    }


def assert_opened(vault: Snapshot, folder: Path) -> None:
    pm4py = importlib.import_module("pm4py")
    # Such runs come in another order to whoever sorts by time, as PM4Py does.
    other_order = backwards(vault)
    for export, name in ((export_xes, "log.xes"), (export_ocel, "log.json")):
        with (folder / name).open("w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(export(vault))
    log = pm4py.read_xes(str(folder / "log.xes"))
    compared = 0
    for agent, own in log.groupby("case:agent_id"):
        if agent not in other_order:
            assert found(pm4py, own.copy()) == graph(vault, str(agent)), agent
            compared += 1
    assert compared > 20
    objects = pm4py.read_ocel2_json(str(folder / "log.json"))
    assert set(objects.objects["ocel:type"]) == {"agent", "execution", "model", "session", "task", "tool"}
    assert len(objects.events) == len(log)
    flat = pm4py.ocel_flattening(objects, "execution")
    if not other_order:
        assert found(pm4py, flat) == graph(vault)


def test_the_shipped_traces(shipped: Snapshot, tmp_path: Path) -> None:
    assert_opened(shipped, tmp_path)


@pytest.mark.corpus
def test_the_whole_corpus(corpus: Path, tmp_path: Path) -> None:
    harvest_into(tmp_path / "vault", corpus)
    assert_opened(VaultRoot(tmp_path / "vault").snapshot(), tmp_path)
