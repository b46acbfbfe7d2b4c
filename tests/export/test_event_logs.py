"""XES and OCEL as second readers read them: valid, complete, and the same graph as the process map's."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from soma.errors import NothingFound
from soma.synthesizer.export import event_log
from soma.synthesizer.export.event_log import NAMELESS, Tally
from soma.synthesizer.export.ocel import export_ocel
from soma.synthesizer.export.xes import export_xes
from soma.synthesizer.inputs import Queryable
from soma.synthesizer.jobs import process_map
from soma.vault.snapshot import Snapshot
from tests.jobs.lake import Lake, chain, execution
from tests.jobs.whole import HOSTILE

from .readers import Ends, follows, ocel_paths, read_ocel, read_xes, xes_paths

Export = Callable[..., Iterator[str]]
SECOND = 1_000_000


def graph(vault: Queryable, agent: str | None = None) -> dict[Ends, int]:
    found = process_map.run(vault, agent)
    return {
        tuple(NAMELESS if name == "" else name for name in (edge.source, edge.target)): edge.occurrences  # type: ignore[misc]
        for edge in found.edges
    }


def text(export: Export, vault: Queryable, *chosen: str | None) -> str:
    return "".join(export(vault, *chosen))


def backwards(vault: Queryable) -> set[str]:
    """Agents some of whose recorded times contradict the order of the steps."""
    rows = vault.sql(
        "SELECT DISTINCT agent_id FROM (SELECT d.agent_id, d.started_at, lag(d.started_at) OVER (PARTITION BY "
        "d.execution_id ORDER BY d.step) AS before FROM decisions AS d JOIN executions AS e USING (execution_id) WHERE "
        "d.kind NOT IN ('failure', 'guard') AND coalesce(e.labels['branch'], '') <> 'abandoned') "
        "WHERE started_at < before"
    )
    return set(rows["agent_id"].to_pylist())


def test_shipped_traces_give_the_graph_of_the_process_map(shipped: Snapshot) -> None:
    traces = read_xes(text(export_xes, shipped))
    log = read_ocel(text(export_ocel, shipped))
    assert follows(xes_paths(traces)) == graph(shipped)
    events = Counter(trace.attributes["agent_id"] for trace in traces for _ in trace.events)
    # Runs whose recorded times contradict their order come in another order to whoever sorts by time.
    other_order = backwards(shipped)
    agents = [agent for agent, _ in events.most_common(14) if agent not in other_order]
    assert len(agents) >= 12
    expected: Counter[Ends] = Counter()
    for agent in agents:
        own = [trace for trace in traces if trace.attributes["agent_id"] == agent]
        assert follows(xes_paths(own)) == graph(shipped, agent), agent
        expected.update(graph(shipped, agent))
    assert follows(ocel_paths(log, agents)) == expected


def test_the_log_of_one_agent_is_its_part_of_the_whole(shipped: Snapshot) -> None:
    traces = read_xes(text(export_xes, shipped))
    for agent in ("curator", "gpt-4", "vsla"):
        own = [trace for trace in traces if trace.attributes["agent_id"] == agent]
        assert own
        assert own == read_xes(text(export_xes, shipped, agent))


def test_every_choice_is_an_event_with_what_the_vault_says_of_it(shipped: Snapshot) -> None:
    rows = {
        row["decision_id"]: row
        for row in shipped.sql(
            "SELECT d.* FROM decisions AS d JOIN executions AS e USING (execution_id) WHERE "
            "d.kind NOT IN ('failure', 'guard') AND coalesce(e.labels['branch'], '') <> 'abandoned'"
        ).to_pylist()
    }
    traces = read_xes(text(export_xes, shipped))
    events = {event["concept:instance"]: event for trace in traces for event in trace.events}
    log = read_ocel(text(export_ocel, shipped))
    assert events.keys() == rows.keys() == log.events.keys()
    for key, row in rows.items():
        event, other = events[key], log.events[key]
        assert event["org:resource"] == row["agent_id"]
        for name in ("kind", "role", "outcome", "duration_ms", "tokens_in", "tokens_out", "cost_usd", "step", "turn"):
            assert event.get(name) == row[name] == other["values"].get(name), name
        at = dt.datetime.fromisoformat(other["time"])
        assert event["time:timestamp"] == at
        assert event["time_recorded"] == other["values"]["time_recorded"] == (row["started_at"] is not None)
        if row["started_at"] is not None:
            assert at == row["started_at"]
        related = {log.objects[link["objectId"]]["type"]: link["objectId"] for link in other["relationships"]}
        assert related["execution"] == f"execution:{row['execution_id']}"
        assert related["agent"] == f"agent:{row['agent_id']}"
        assert related.get("model") == (f"model:{row['model']}" if row["model"] else None)
        assert related.get("tool") == (f"tool:{row['tool']}" if row["tool"] else None)


def test_every_execution_is_a_case_and_an_object(shipped: Snapshot) -> None:
    rows = {
        row["execution_id"]: row
        for row in shipped.sql(
            "SELECT * FROM executions WHERE coalesce(labels['branch'], '') <> 'abandoned'"
        ).to_pylist()
    }
    traces = {trace.attributes["concept:name"]: trace.attributes for trace in read_xes(text(export_xes, shipped))}
    objects = read_ocel(text(export_ocel, shipped)).objects
    assert traces.keys() == rows.keys()
    assert {key for key, one in objects.items() if one["type"] == "execution"} == {f"execution:{key}" for key in rows}
    delegated = 0
    for key, row in rows.items():
        values = objects[f"execution:{key}"]["values"]
        for name in ("status", "success", "score", "started_at", "duration_ms", "cost_usd", "framework"):
            assert traces[key].get(name) == row[name] == values.get(name), name
        links = objects[f"execution:{key}"]["relationships"]
        parents = [link["objectId"] for link in links if link["qualifier"] == "delegated by"]
        if row["parent_execution_id"] in rows:
            assert parents == [f"execution:{row['parent_execution_id']}"]
            delegated += 1
        else:
            assert parents == []
    assert delegated > 0


def timed(times: list[int | None], **more: Any) -> Lake:
    path = [f"a{chr(97 + place)}" for place in range(len(times))]
    return Lake([execution("r0", **more)], chain("r0", path, started_at=times))


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([SECOND, 2 * SECOND], [SECOND, 2 * SECOND]),
        ([None, SECOND, None, 3 * SECOND], [SECOND, SECOND, SECOND, 3 * SECOND]),
        ([None, None], [5 * SECOND, 5 * SECOND + 1]),
        ([2 * SECOND, SECOND], [2 * SECOND, SECOND]),
    ],
)
def test_an_instant_that_is_not_recorded_keeps_the_order_and_says_so(
    times: list[int | None], expected: list[int]
) -> None:
    lake = timed(times, started_at=5 * SECOND)
    (trace,) = read_xes(text(export_xes, lake))
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    assert [event["time:timestamp"] for event in trace.events] == [
        epoch + dt.timedelta(microseconds=at) for at in expected
    ]
    assert [event["time_recorded"] for event in trace.events] == [at is not None for at in times]
    tally = Tally()
    list(export_ocel(lake, tally=tally))
    assert (tally.executions, tally.events, tally.untimed) == (1, len(times), times.count(None))


def test_a_run_without_any_time_begins_in_1970() -> None:
    (trace,) = read_xes(text(export_xes, timed([None, None])))
    assert [event["time:timestamp"].year for event in trace.events] == [1970, 1970]


def test_hostile_names_survive_both_formats() -> None:
    names = [HOSTILE, "]]>", "<!-- -->", "&amp;", "a\tb\nc", "\ufffe\x00", "", "quote\"'"]
    runs = [execution("r<0>", HOSTILE, task_id=HOSTILE, model=HOSTILE), execution('r"1')]
    lake = Lake(runs, [*chain("r<0>", names, HOSTILE), *chain('r"1', names[::-1])])
    traces = read_xes(text(export_xes, lake))
    log = read_ocel(text(export_ocel, lake))
    assert {trace.attributes["concept:name"] for trace in traces} == {"r<0>", 'r"1'}
    read = next(path for path in xes_paths(traces) if path[-1] == "quote\"'")
    assert read[1:5] == names[1:5]
    # XML has no character for these; JSON has.
    assert read[0] == HOSTILE.replace("\x1b", "\ufffd").replace("\x07", "\ufffd")
    assert read[5:7] == ["\ufffd\ufffd", NAMELESS]
    assert follows(ocel_paths(log)) == graph(lake)


def test_what_is_chosen_and_what_is_not_there() -> None:
    runs = [
        execution("r0", "a", task_id="t-1"),
        execution("r1", "a", task_id="t-2"),
        execution("r2", "b", task_id="t-1"),
    ]
    lake = Lake(
        runs, [one for run, agent in (("r0", "a"), ("r1", "a"), ("r2", "b")) for one in chain(run, ["x"], agent)]
    )
    chosen: list[tuple[tuple[str | None, ...], list[str]]] = [
        (("a",), ["r0", "r1"]), ((None, "t-1"), ["r0", "r2"]), (("a", "t-1"), ["r0"]), ((None, None, "r2"), ["r2"]),
    ]  # fmt: skip
    for filters, expected in chosen:
        assert [trace.attributes["concept:name"] for trace in read_xes(text(export_xes, lake, *filters))] == expected
        objects = read_ocel(text(export_ocel, lake, *filters)).objects
        assert [key for key in objects if key.startswith("execution:")] == [f"execution:{key}" for key in expected]
    with pytest.raises(NothingFound, match="no run of 'nobody'"):
        export_xes(lake, "nobody")
    with pytest.raises(NothingFound):
        export_ocel(Lake([]))


def test_batches_change_no_byte(shipped: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [text(export, shipped) for export in (export_xes, export_ocel)]
    monkeypatch.setattr(event_log, "_AT_ONCE", 100)
    assert [text(export, shipped) for export in (export_xes, export_ocel)] == whole
