"""The same run in two files is one; two runs of one task are two."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from soma.adapters.generic.run_id import is_unique

from .conversations import CALL_ID, anthropic, legacy, lines, openai, read, the_one, written

UUID = "7b1d3c52-2f5e-4b7e-9c0e-0a4f4f6f9d10"


def ids(path: Path) -> list[str]:
    return [run.execution_id for run in read(path).executions]


def test_what_makes_an_id_unique() -> None:
    assert all(map(is_unique, (UUID, CALL_ID, "toolu_01A9fGh3kLm2nPq4rSt", "2026-01-01T10-00-00_session")))
    assert not any(
        map(is_unique, (None, "", "call_1", "django__django-12345", "call_000000000000000001", "conversation"))
    )


def test_the_id_of_the_run_wherever_it_is_written(tmp_path: Path) -> None:
    first = written(tmp_path / "a.json", {"session_id": UUID, "messages": anthropic()})
    grown = lines(tmp_path / "b.jsonl", [{"session_id": UUID, "messages": [*anthropic(), *legacy()]}] * 2)
    assert the_one(first).execution_id == f"chat:{UUID}"
    assert set(ids(grown)) == {f"chat:{UUID}"}


def test_the_id_of_an_experiment_is_none_of_its_runs(tmp_path: Path) -> None:
    rows = [
        {"run_id": UUID, "task_id": task, "trial": trial, "messages": anthropic()}
        for task in (1, 2)
        for trial in (0, 1)
    ]
    assert sorted(ids(lines(tmp_path / "a.jsonl", rows))) == [
        f"chat:{UUID}/{task}#{trial}" for task in (1, 2) for trial in (0, 1)
    ]
    talks = [{"session_id": UUID, "messages": talk} for talk in (openai(), anthropic(), legacy())]
    assert len(set(ids(lines(tmp_path / "b.jsonl", talks)))) == 3


def test_a_copy_with_unique_call_ids_is_the_same_run(tmp_path: Path) -> None:
    path = written(tmp_path / "a" / "x.json", {"messages": openai()})
    other = lines(tmp_path / "b" / "y.jsonl", [{"messages": openai()}, {"messages": anthropic()}])
    assert ids(path)[0] == ids(other)[0]
    assert ids(path)[0] != ids(written(tmp_path / "z.json", {"messages": openai(f"{CALL_ID}2")}))[0]


def test_runs_that_say_the_same_are_told_apart_by_their_place(tmp_path: Path) -> None:
    plain: dict[str, Any] = {"messages": legacy()}
    one = ids(lines(tmp_path / "m1" / "runs.jsonl", [plain, plain]))
    two = ids(lines(tmp_path / "m2" / "runs.jsonl", [plain, plain]))
    assert len({*one, *two}) == 4
    copied = tmp_path / "backup" / "m1" / "runs.jsonl"
    copied.parent.mkdir(parents=True)
    shutil.copyfile(tmp_path / "m1" / "runs.jsonl", copied)
    assert ids(copied) == one


def test_a_file_that_grows_by_messages_keeps_its_id(tmp_path: Path) -> None:
    path = tmp_path / "a" / "log.jsonl"
    for messages in (openai(), openai("1", "2")):
        seen = {ids(lines(path, messages[:end]))[0] for end in range(3, len(messages) + 1)}
        assert len(seen) == 1


def test_a_log_that_repeats_the_conversation_with_every_request_is_one_run(tmp_path: Path) -> None:
    requests = [{"id": f"req-{end}", "messages": openai()[:end]} for end in (2, 5, 6, 8)]
    runs = read(lines(tmp_path / "a.jsonl", requests)).executions
    assert [len(run.decisions) for run in runs if run.decisions] == [3]
    shuffled = read(lines(tmp_path / "a.jsonl", requests[::-1])).executions
    assert [len(run.decisions) for run in shuffled if run.decisions] == [3]


def test_torn_last_line_waits(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", [{"messages": openai()}, {"messages": anthropic()}])
    data = path.read_bytes()
    path.write_bytes(data[:-40])
    out = read(path)
    assert len(out.executions) == 1 and out.damage == []
    assert out.sources[0].bytes_read == data.index(b"\n") + 1


def test_sources_in_any_order_give_the_same(tmp_path: Path) -> None:
    paths = [written(tmp_path / "a.json", {"messages": openai()}), lines(tmp_path / "b.jsonl", [*legacy()])]
    forth, back = read(*paths).by_id(), read(*paths[::-1]).by_id()
    assert forth == back and len(forth) == 2


def test_every_request_of_a_task_counts_once_per_model_in_intercode(tmp_path: Path) -> None:
    history = {"actions": ["whoami"], "observations": ["root"], "rewards": [1.0], "valid_action": [True]}
    summary = {"max_reward": 1.0}
    entry = {"environment": "ic_bash", "query": "who am i", "turn_history": history, "summary": summary}
    first = the_one(written(tmp_path / "m1" / "fs.json", {"0": entry}))
    second = the_one(written(tmp_path / "m2" / "fs.json", {"logs": {"0": entry}, "hyperparams": {"model": "m2"}}))
    assert first.task_id == second.task_id and first.execution_id != second.execution_id
    assert (first.model, second.model, second.success, second.status) == (None, "m2", True, "completed")
