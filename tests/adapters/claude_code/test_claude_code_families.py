"""Copies, grown copies, resumed and forked sessions: everything counts once, whatever the order of the files."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

from soma.adapters.claude_code import ADAPTER
from soma.model import ExecutionDraft
from tests.adapters.reading import run

from .talk import Line, Talk, copied, uuid, write


def family(*paths: Path) -> dict[str, ExecutionDraft]:
    """What the files give together, having made sure that they find each other and that their order is nothing."""
    claims = [{claim for execution in run(ADAPTER, path).executions for claim in execution.claims} for path in paths]
    assert all(any(own & other for other in claims if other is not own) for own in claims)
    first = run(ADAPTER, *paths).by_id()
    for order in permutations(paths):
        assert run(ADAPTER, *order).by_id() == first
    return first


def calls(execution: ExecutionDraft) -> list[str | None]:
    return [decision.native_id for decision in execution.decisions]


def work(talk: Talk, *call_ids: str) -> None:
    talk.prompt(f"do {call_ids[0]}")
    for call_id in call_ids:
        talk.call(call_id)
        talk.result(call_id)


def test_two_copies_are_one(fixtures: Path, tmp_path: Path) -> None:
    original = fixtures / "claude-code" / "interview.jsonl"
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(original.read_bytes())
    (alone,) = run(ADAPTER, original).executions
    (together,) = family(original, copy).values()
    assert calls(together) == calls(alone)
    assert (together.tokens_in, together.tokens_out, together.tokens_cache_read) == (
        alone.tokens_in, alone.tokens_out, alone.tokens_cache_read,
    )  # fmt: skip


def test_a_grown_copy_loses_nothing(tmp_path: Path) -> None:
    talk = Talk()
    work(talk, "toolu_1", "toolu_2")
    old = write(tmp_path / "old.jsonl", talk.lines[:4])
    tail = write(tmp_path / "tail.jsonl", talk.lines[2:])
    (execution,) = family(old, tail).values()
    assert calls(execution) == ["toolu_1", "toolu_2"]
    assert [decision.outcome for decision in execution.decisions] == ["ok", "ok"]
    assert execution.tokens_in == 20


def test_cuts_of_a_session_join_it(fixtures: Path) -> None:
    folder = fixtures / "claude-code"
    alone = run(ADAPTER, folder / "interview.jsonl").executions[0]
    together = family(
        folder / "interview.jsonl", folder / "interview-question-alone.jsonl", folder / "interview-answer-alone.jsonl"
    )
    assert calls(together[alone.execution_id]) == calls(alone)
    assert together[alone.execution_id].tokens_in == alone.tokens_in
    # The cut holds another wording of the result: the fuller file is believed.
    assert together[alone.execution_id].decisions[1].output == alone.decisions[1].output


def test_question_and_answer_in_two_files_find_each_other(fixtures: Path) -> None:
    folder = fixtures / "claude-code"
    (execution,) = family(folder / "interview-question-alone.jsonl", folder / "interview-answer-alone.jsonl").values()
    assert [(decision.tool, decision.outcome) for decision in execution.decisions] == [("AskUserQuestion", "ok")]
    (execution,) = family(folder / "image-prompt.jsonl", folder / "image-answer.jsonl").values()
    assert (execution.task_text, execution.status) == ("[image]\nWhat is this an image of?", "completed")


def test_a_resumed_session_has_only_what_is_new(tmp_path: Path) -> None:
    talk = Talk("s-1")
    work(talk, "toolu_1")
    old = write(tmp_path / "s-1.jsonl", talk.lines)
    later = Talk("s-2", first=20, second=30)
    later.lines = copied(talk.lines, "s-2")
    work(later, "toolu_2")
    new = write(tmp_path / "s-2.jsonl", later.lines)
    found = family(old, new)
    assert {name: calls(execution) for name, execution in found.items()} == {
        "cc:s-1": ["toolu_1"],
        "cc:s-2": ["toolu_2"],
    }
    assert [execution.tokens_in for execution in found.values()] == [10, 10]
    assert found["cc:s-2"].parent_execution_id == "cc:s-1"
    assert found["cc:s-2"].labels["resumed_from"] == "s-1"
    assert found["cc:s-1"].parent_execution_id is None
    # Read alone, the newer file holds all there is, and says by global id which decisions are shared.
    (alone,) = run(ADAPTER, new).executions
    assert [decision.global_id for decision in alone.decisions] == ["cc:toolu_1", "cc:toolu_2"]


def test_a_chain_of_resumed_sessions(tmp_path: Path) -> None:
    paths: list[Path] = []
    lines: list[Line] = []
    for number in range(3):
        talk = Talk(f"s-{9 - number}", first=1 + 10 * number, second=20 * number)
        talk.lines = copied(lines, talk.session)
        work(talk, f"toolu_{number}")
        lines = talk.lines
        paths.append(write(tmp_path / f"{number}.jsonl", lines))
    found = family(*paths)
    assert {name: calls(execution) for name, execution in found.items()} == {
        "cc:s-9": ["toolu_0"], "cc:s-8": ["toolu_1"], "cc:s-7": ["toolu_2"],
    }  # fmt: skip
    assert found["cc:s-7"].parent_execution_id == "cc:s-8"
    assert sum(execution.tokens_in or 0 for execution in found.values()) == 30


def test_two_forks_of_one_session(tmp_path: Path) -> None:
    base = Talk("s-0")
    work(base, "toolu_0")
    work(base, "toolu_own")
    paths = [write(tmp_path / "base.jsonl", base.lines)]
    for number in (1, 2):
        fork = Talk(f"f-{number}", first=100 * number, second=100 * number)
        fork.lines = copied(base.lines[:3], fork.session)
        work(fork, f"toolu_f{number}")
        paths.append(write(tmp_path / f"fork-{number}.jsonl", fork.lines))
    found = family(*paths)
    assert {name: calls(execution) for name, execution in found.items()} == {
        "cc:s-0": ["toolu_0", "toolu_own"], "cc:f-1": ["toolu_f1"], "cc:f-2": ["toolu_f2"],
    }  # fmt: skip
    assert {execution.parent_execution_id for name, execution in found.items() if name != "cc:s-0"} == {"cc:s-0"}


def test_a_fork_that_renames_its_lines_but_says_where_they_come_from(tmp_path: Path) -> None:
    base = Talk("s-0")
    work(base, "toolu_0")
    fork = Talk("a-fork", first=100, second=50)
    fork.lines = [
        {**line, "sessionId": "a-fork", "uuid": uuid(200 + index), "parentUuid": uuid(199 + index) if index else None,
         "forkedFrom": {"sessionId": "s-0", "messageUuid": line["uuid"]}}
        for index, line in enumerate(base.lines)
    ]  # fmt: skip
    work(fork, "toolu_1")
    fork_file = write(tmp_path / "fork.jsonl", fork.lines)
    found = family(write(tmp_path / "base.jsonl", base.lines), fork_file)
    assert {name: calls(execution) for name, execution in found.items()} == {
        "cc:s-0": ["toolu_0"],
        "cc:a-fork": ["toolu_1"],
    }
    assert found["cc:a-fork"].parent_execution_id == "cc:s-0"
    assert run(ADAPTER, fork_file).executions[0].parent_execution_id == "cc:s-0"


def test_two_sessions_in_one_file(tmp_path: Path) -> None:
    talk = Talk("s-1")
    work(talk, "toolu_1")
    talk.session = "s-2"
    work(talk, "toolu_2")
    found = run(ADAPTER, write(tmp_path / "both.jsonl", talk.lines)).by_id()
    assert {name: calls(execution) for name, execution in found.items()} == {
        "cc:s-1": ["toolu_1"],
        "cc:s-2": ["toolu_2"],
    }
    assert found["cc:s-2"].parent_execution_id == "cc:s-1"
    assert {"cc:s-1", "cc:s-2"} <= set(found["cc:s-1"].claims) & set(found["cc:s-2"].claims)


def test_hand_made_ids_do_not_join_strangers(fixtures: Path, tmp_path: Path) -> None:
    first, second = Talk("one"), Talk("two", second=500)
    for talk in (first, second):
        work(talk, "toolu_1")
        for index, line in enumerate(talk.lines):
            line["uuid"], line["parentUuid"] = f"msg-{index}", f"msg-{index - 1}" if index else None
    one = run(ADAPTER, write(tmp_path / "1.jsonl", first.lines)).executions[0]
    two = run(ADAPTER, write(tmp_path / "2.jsonl", second.lines)).executions[0]
    assert not set(one.claims) & set(two.claims)


def test_an_export_is_known_by_its_content(fixtures: Path, tmp_path: Path) -> None:
    original = fixtures / "claude-code" / "loglines.json"
    copy = tmp_path / "renamed.json"
    copy.write_bytes(original.read_bytes())
    (alone,) = run(ADAPTER, original).executions
    (together,) = family(original, copy).values()
    assert alone.execution_id.startswith("cc:export-")
    assert calls(together) == calls(alone)
    assert together.labels["turns"] == alone.labels["turns"] == "5"
