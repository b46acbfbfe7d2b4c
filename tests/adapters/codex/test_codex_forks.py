"""Forked and spawned threads replay their parent's history; nothing of it may count twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from soma.adapters.codex import ADAPTER
from soma.harvester.resolve import resolve
from soma.model import ExecutionDraft
from tests.adapters.reading import run

from .thread import Line, Thread, copied, uuid7, write


def parent_thread() -> Thread:
    """A thread with one finished turn of two calls."""
    thread = Thread()
    thread.turn("build it")
    for number, total in ((1, 100), (2, 250)):
        thread.call(f"call_parent_000000{number}")
        thread.tokens(total, 10 * number)
        thread.output(f"call_parent_000000{number}")
    thread.answer()
    thread.done()
    return thread


def own_turn(child: Thread, total: int) -> None:
    child.second += 10
    child.turn("now the other way")
    child.call("call_child_00000001")
    child.tokens(total, 30)
    child.output("call_child_00000001")
    child.answer()
    child.done()


def forked(parent: Thread, *, total: int = 400, header: bool = True, **meta: object) -> Thread:
    child = Thread(100, **{"forked_from_id": parent.id, **meta})
    child.lines += copied(parent.lines[0 if header else 1 :], 100)
    own_turn(child, total)
    return child


def resolved(*paths: Path) -> dict[str, ExecutionDraft]:
    drafts = run(ADAPTER, *paths).executions
    return {draft.execution_id: draft for draft in resolve(drafts, {})}


def natives(draft: ExecutionDraft) -> list[str | None]:
    return [decision.native_id for decision in draft.decisions]


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize(("total", "given"), [(400, 150), (70, 70)])
def test_a_fork_counts_its_own_turns_only(tmp_path: Path, header: bool, total: int, given: int) -> None:
    parent = parent_thread()
    child = forked(parent, total=total, header=header)
    paths = [write(tmp_path / "p.jsonl", parent.lines), write(tmp_path / "c.jsonl", child.lines)]
    one, other = resolved(*paths), resolved(*reversed(paths))
    assert one == other
    old, new = one[f"cx:{parent.id}"], one[f"cx:{child.id}"]
    assert natives(old) == ["call_parent_0000001", "call_parent_0000002"]
    assert natives(new) == ["call_child_00000001"]
    assert (old.tokens_in, old.tokens_out) == (250, 20)
    # The total goes on from the parent's, or starts again.
    assert (new.tokens_in, new.tokens_out) == (given, 10 if total == 400 else 30)
    assert (new.labels["forked_from"], new.parent_execution_id) == (parent.id, old.execution_id)
    assert (old.task_text, new.task_text) == ("build it", "now the other way")
    assert (old.labels["turns"], new.labels["turns"]) == ("1", "1")
    assert old.decisions[0].started_at is not None


def test_a_fork_without_its_parents_file_still_tells_the_parents_run(tmp_path: Path) -> None:
    parent = parent_thread()
    runs = resolved(write(tmp_path / "c.jsonl", forked(parent).lines))
    old = runs[f"cx:{parent.id}"]
    assert natives(old) == ["call_parent_0000001", "call_parent_0000002"]
    assert old.agent_id == "shop"
    # The lines are stamped with the time of the copy; when the calls were made is not known.
    assert [(decision.started_at, decision.duration_ms) for decision in old.decisions] == [(None, None)] * 2
    assert old.ended_at is None


def test_siblings_and_grandchildren(tmp_path: Path) -> None:
    parent = parent_thread()
    child = forked(parent)
    grandchild = Thread(200, forked_from_id=child.id)
    grandchild.lines += copied(child.lines, 200)
    grandchild.second += 10
    grandchild.turn("and deeper")
    grandchild.call("call_grandchild_001")
    grandchild.output("call_grandchild_001")
    sibling = Thread(300, forked_from_id=parent.id)
    sibling.lines += copied(parent.lines, 300)
    own_turn(sibling, 260)
    sibling.lines[-4]["payload"]["call_id"] = "call_sibling_000001"
    paths = [write(tmp_path / f"{name}.jsonl", thread.lines)
             for name, thread in (("c", child), ("g", grandchild), ("s", sibling))]  # fmt: skip
    runs = resolved(*paths)
    assert natives(runs[f"cx:{grandchild.id}"]) == ["call_grandchild_001"]
    assert natives(runs[f"cx:{child.id}"]) == ["call_child_00000001"]
    assert len(runs) == 4
    assert sum(draft.tokens_in or 0 for draft in runs.values()) == 250 + 150 + 10


def test_a_sub_agent_without_replay_keeps_its_first_turn(tmp_path: Path) -> None:
    parent = parent_thread()
    source = {"subagent": {"thread_spawn": {"parent_thread_id": parent.id, "depth": 1, "agent_role": "explorer"}}}
    child = Thread(100, source=source, thread_source="subagent")
    child.lines += copied(parent.lines[:1], 100)
    own_turn(child, 40)
    runs = resolved(write(tmp_path / "c.jsonl", child.lines))
    (draft,) = runs.values()
    assert (draft.agent_id, draft.parent_execution_id) == ("explorer", f"cx:{parent.id}")
    assert (natives(draft), draft.tokens_in) == (["call_child_00000001"], 40)
    # A link to a parent is no part of the parent's run.
    assert f"cx:{parent.id}" not in draft.claims


def test_before_turns_had_ids_the_time_of_copying_tells(tmp_path: Path) -> None:
    def without_ids(lines: list[Line]) -> list[Line]:
        kept = [line for line in lines if line["payload"].get("type") != "task_started"]
        for line in kept:
            line["payload"].pop("turn_id", None)
        return kept

    parent = parent_thread()
    child = forked(parent)
    runs = resolved(write(tmp_path / "c.jsonl", without_ids(child.lines)))
    assert natives(runs[f"cx:{child.id}"]) == ["call_child_00000001"]
    assert natives(runs[f"cx:{parent.id}"]) == ["call_parent_0000001", "call_parent_0000002"]


def test_ids_without_time_are_placed_by_the_start_of_their_turn(tmp_path: Path) -> None:
    parent = parent_thread()
    for line in parent.lines:
        if "turn_id" in line["payload"]:
            line["payload"]["turn_id"] = "11111111-2222-4333-8444-555555555555"
    runs = resolved(write(tmp_path / "c.jsonl", forked(parent).lines))
    child = runs[f"cx:{uuid7(100)}"]
    assert (natives(child), len(runs)) == (["call_child_00000001"], 2)


def test_copies_and_grown_copies_are_one_run(tmp_path: Path) -> None:
    parent = parent_thread()
    paths = [write(tmp_path / "a.jsonl", parent.lines[:6]), write(tmp_path / "b.jsonl", parent.lines)]
    (draft,) = resolved(*paths).values()
    assert len(draft.decisions) == 2


def test_a_stream_and_its_rollout_are_one_run(tmp_path: Path) -> None:
    parent = parent_thread()
    stream = [
        {"type": "thread.started", "thread_id": parent.id},
        {"type": "turn.started"},
        {"type": "item.completed", "item": {"id": "item_0", "type": "command_execution", "command": "bash -lc ls",
                                            "aggregated_output": "", "exit_code": 0, "status": "completed"}},
    ]  # fmt: skip
    runs = resolved(write(tmp_path / "s.jsonl", stream), write(tmp_path / "r.jsonl", parent.lines))
    (draft,) = runs.values()
    assert natives(draft) == ["call_parent_0000001", "call_parent_0000002"]


def test_copies_under_another_name_share_a_claim(tmp_path: Path) -> None:
    """Early versions wrote all that came before into the file of a resumed session, and said nothing of it."""
    early, late = parent_thread(), Thread(500)
    late.lines += parent_thread().lines[1:]
    late.turn()
    late.call("call_later_00000001")
    late.output("call_later_00000001")
    first, second = (write(tmp_path / f"{thread.id}.jsonl", thread.lines) for thread in (early, late))
    drafts = run(ADAPTER, first, second).executions
    assert set(drafts[0].claims) & set(drafts[1].claims)
    runs = resolved(first, second)
    assert natives(runs[f"cx:{late.id}"]) == ["call_later_00000001"]
