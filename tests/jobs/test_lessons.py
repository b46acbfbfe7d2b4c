"""Errors that were fixed: which pairs are lessons, what the fix was, and how often it worked; on real traces, by id."""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path

import pytest

from soma import codec
from soma.harvester.harvest import Options, harvest
from soma.harvester.redact import Redactor
from soma.model import NormalizedDecision
from soma.synthesizer.jobs import lessons
from soma.synthesizer.jobs.lessons.call import call_of, words_of
from soma.synthesizer.jobs.lessons.compute import WINDOW, lessons_of, says_something
from soma.synthesizer.jobs.lessons.explain import render
from soma.synthesizer.jobs.lessons.fix import FIX_CHARS
from soma.synthesizer.jobs.lessons.model import Lesson, Lessons, Step
from soma.synthesizer.queries import query
from soma.synthesizer.stats import wilson
from soma.vault import Snapshot, VaultRoot

from . import test_queries
from .lake import Lake, execution
from .whole import HOSTILE, harmless, said, shown

SECRET = "sk-ant-api03-Zk9dQ2xLr8vTqW3nYb7HsJ4mPc6Xf1Ga5Ue0Ri-9oKtEwNzBvCyMdLhSjAgFpQxTuVrWkXyZ12345678AA"


def step(place: int, arguments: object, error: str | None = None, **more: object) -> Step:
    """A choice; one with an error failed."""
    given: dict[str, object] = {
        "execution_id": "x", "agent_id": "a", "tool": "bash", "action": "exec:tar", "role": "shell",
        "outcome": "failed" if error else "ok", "started_at": None, "output": None, **more,
    }  # fmt: skip
    given.setdefault("decision_id", f"{given['execution_id']}/{place}")
    text = arguments if isinstance(arguments, str) or arguments is None else codec.encode(arguments)
    return Step(place=place, arguments=text, error=error, **given)  # type: ignore[arg-type]


def shell(place: int, command: str, error: str | None = None, **more: object) -> Step:
    return step(place, {"command": command}, error, **{"action": f"exec:{command.split()[0]}", **more})


def fixes(*steps: Step) -> list[str]:
    return [one.fix for one in lessons_of(steps, {}).lessons]


def taught(found: Lessons) -> dict[str, Lesson]:
    """Every failed decision that taught a lesson."""
    return {tried.failed: one for one in found.lessons for tried in one.evidence if tried.worked}


def test_the_query_answers_the_fields_of_a_step_in_the_dialect_of_all_engines() -> None:
    assert tuple(Lake([]).sql(query(lessons.__name__, "query"), (WINDOW,)).column_names) == Step.__struct_fields__
    test_queries.test_only_what_every_engine_reads_alike(lessons.__name__, "query")


def test_the_query_finds_failures_and_what_follows_closely_and_no_more() -> None:
    outcomes = ["ok"] * 3 + ["failed"] + ["ok"] * 12 + ["timeout", "ok"]
    rows = [
        NormalizedDecision(
            decision_id=f"x/{n:02}", execution_id="x", agent_id="a", step=n, action="exec:ls_3", tool="bash",
            role="shell", outcome=outcome, kind="guard" if n == 5 else "tool_choice",
        )
        for n, outcome in enumerate(outcomes)
    ]  # fmt: skip
    runs = [execution("x", "a", failed=1, timeout=1)]
    for threads in (1, 4):
        found = Lake(runs, rows, threads).sql(query(lessons.__name__, "query"), (WINDOW,)).to_pylist()
        assert [row["decision_id"] for row in found] == [f"x/{n:02}" for n in (3, 4, *range(6, 13), 16, 17)]
        assert {row["action"] for row in found} == {"exec:ls"}
    left = [execution("x", "a", failed=1, timeout=1, labels={"branch": "abandoned"})]
    assert Lake(left, rows).sql(query(lessons.__name__, "query"), (WINDOW,)).num_rows == 0


def test_the_fix_is_what_changed_between_the_two_calls() -> None:
    error = "tar: You may not specify more than one '-Acdtrux' option"
    assert fixes(shell(0, "tar -zxf a.tar.gz -c /out", error), shell(1, "tar -zxf a.tar.gz -C /out")) == ["-c → -C"]
    missing = "touch: cannot touch '/a/b/empty.txt': No such file or directory"
    call = "touch /a/b/empty.txt"
    assert fixes(shell(0, call, missing), shell(1, "mkdir -p /a/b"), shell(2, call)) == [
        "first run mkdir -p /a/b; then the same call again"
    ]
    assert fixes(shell(0, "curl http://h/x", "curl: (52) Empty reply from server"), shell(1, "curl http://h/x")) == [
        "the same call again"
    ]
    gone = "bash: line 1: wget: command not found"
    assert fixes(shell(0, "wget http://h/x", gone), shell(1, "curl http://h/x")) == [
        "use exec:curl instead · wget → curl"
    ]


def test_the_fix_of_a_tool_with_fields_names_the_field() -> None:
    order = {"order": "#W1", "items": ["1", "2"], "pay": "paypal_9"}
    kind = {"tool": "exchange", "action": "exchange", "role": "other"}
    error = "Error: payment method should be the original one"
    assert fixes(step(0, order, error, **kind), step(1, {**order, "pay": "card_3"}, **kind)) == [
        "pay: paypal_9 → card_3"
    ]
    assert fixes(step(0, order, error, **kind), step(1, {**order, "items": ["1", "7"]}, **kind)) == ["items: 2 → 7"]
    assert fixes(step(0, order, error, **kind), step(1, order, **{**kind, "tool": "modify", "action": "modify"})) == [
        "use modify instead"
    ]
    assert fixes(step(0, order, error, **kind), step(1, {**order, "force": True}, **kind)) == ["give force: true"]


def test_a_file_read_first_is_part_of_the_fix() -> None:
    edit = {"tool": "Edit", "action": "edit:src", "role": "edit"}
    read = {"tool": "Read", "action": "read:src", "role": "read"}
    call = {"file_path": "/p/src/a.py", "old_string": "x = 1", "new_string": "x = 2"}
    error = "File has not been read yet. Read it first before writing to it."
    assert fixes(
        step(0, call, error, **edit), step(1, {"file_path": "/p/src/a.py"}, **read), step(2, call, **edit)
    ) == ["first read a.py; then the same call again"]
    other = step(1, {"file_path": "/p/src/b.py"}, **read)
    assert fixes(step(0, call, error, **edit), other, step(2, call, **edit)) == ["the same call again"]


@pytest.mark.parametrize(
    "again",
    [
        "make test || true",
        "make test 2>/dev/null",
        "make test; echo done",
        "make test 2>&1 | tail -5",
    ],
)
def test_hiding_the_error_is_no_fix(again: str) -> None:
    found = lessons_of([shell(0, "make test", "error: missing module foo"), shell(1, again, action="exec:make")], {})
    assert not found.lessons
    assert found.masked == 1


def test_asking_first_whether_it_is_there_is_no_fix() -> None:
    call = 'find /system -name "a.out" -o -name "*.o"'
    failed = shell(0, call, "find: '/system': No such file or directory")
    found = lessons_of([failed, shell(1, f'if [ -d "/system" ]; then {call}; fi', action="exec:find")], {})
    assert (found.lessons, found.masked) == ((), 1)


def test_one_program_with_other_words_is_another_intent() -> None:
    error = "ls: cannot access 'a.txt': No such file or directory"
    assert fixes(shell(0, "ls a.txt", error), shell(1, "ls /home")) == []
    assert fixes(shell(0, "git push", "fatal: no upstream branch"), shell(1, "git pull")) == []
    assert fixes(shell(0, "cat a.txt", error), shell(1, "touch a.txt")) == []
    poll = {"tool": "process", "action": "process:poll"}
    assert fixes(
        step(0, {"action": "poll", "sessionId": "a"}, "the process has gone away", **poll),
        step(1, {"action": "poll", "sessionId": "b"}, **poll),
    ) == []  # fmt: skip


def test_a_call_that_ends_well_and_prints_the_error_is_no_fix() -> None:
    failed = shell(0, "make test", "error: missing module foo")
    assert fixes(failed, shell(1, "make -k test", output="compiling\nerror: missing module foo\n")) == []
    assert fixes(failed, shell(1, "make -k test", output="compiling\n")) == ["add -k"]


def test_what_was_not_found_is_not_repaired_by_making_it_up() -> None:
    error = "ls: cannot access '/data': No such file or directory"
    assert fixes(shell(0, "ls /data", error), shell(1, "mkdir /data"), shell(2, "ls /data")) == []
    stat = "mv: cannot stat '/data/old': No such file or directory"
    assert fixes(shell(0, "mv /data/old /data/new", stat), shell(1, "mkdir -p /data/old && mv /data/old /data/new",
                 action="exec:mv")) == []  # fmt: skip
    gone = "rm: cannot remove '/data/old': No such file or directory"
    assert fixes(shell(0, "rm -r /data/old", gone), shell(1, "rm -rf /data/old")) == []


def test_calls_made_at_once_do_not_answer_each_other() -> None:
    failed = shell(0, "tar -xf a.tar -c /out", "tar: You may not specify more than one", started_at=5)
    assert fixes(failed, shell(1, "tar -xf a.tar -C /out", started_at=5)) == []
    assert fixes(failed, shell(1, "tar -xf a.tar -C /out", started_at=6)) == ["-c → -C"]


def test_unknown_and_skipped_attempts_are_passed_over() -> None:
    failed = shell(0, "tar -xf a.tar -c /out", "tar: You may not specify more than one")
    for outcome in ("unknown", "skipped"):
        between = shell(1, "tar -xf a.tar -t /out", outcome=outcome)
        found = lessons_of([failed, between, shell(2, "tar -xf a.tar -C /out")], {})
        assert [(one.fix, one.worked.total) for one in found.lessons] == [("-c → -C", 1)]


def test_errors_that_say_nothing_teach_nothing() -> None:
    for empty in ("error", "exit code", "command exited with code", "process exited with status", "command aborted"):
        assert not says_something(empty)
    assert says_something("no such file or directory")
    found = lessons_of([shell(0, "make a.txt", "Error"), shell(1, "make -B a.txt")], {})
    assert (found.lessons, found.failures, found.wordless) == ((), 1, 1)


def test_a_fix_is_never_a_whole_text() -> None:
    body = "\n".join(f"line {number} of the file" for number in range(200))
    write = {"tool": "Write", "action": "write:src", "role": "write"}
    failed = step(0, {"file_path": "/p/a.py", "content": body}, "EACCES: permission denied", **write)
    assert fixes(failed, step(1, {"file_path": "/p/a.py", "content": body[::-1]}, **write)) == []
    (fix,) = fixes(failed, step(1, {"file_path": "/p/a.py", "content": body.replace("line 7 ", "row 7 ")}, **write))
    assert fix == "content: line → row"
    long = "x" * 5000
    (fix,) = fixes(shell(0, f"tar -c {'y' * 200} /out/a", "tar: no"), shell(1, f"tar -C {'y' * 200} /out/a"))
    assert len(fix) <= FIX_CHARS
    assert fixes(shell(0, f"tar {long} /out/a", "tar: no"), shell(1, "tar /out/a")) == []


def test_hostile_arguments_are_read_in_linear_time_and_cannot_steer_the_screen() -> None:
    for text in ('"\\' * 3000, "'" * 4000 + "a", "$(" * 3000, "\\" * 5000, "{" * 5000, '{"command":' * 900, "…", "{…"):
        assert len(words_of(text)) <= 400
        assert call_of(text, True) == call_of(text, True)
    kind = {"tool": HOSTILE, "action": HOSTILE, "role": "other", "agent_id": HOSTILE}
    first, second = {"a": HOSTILE, HOSTILE: 1, "c": 2}, {"a": f"{HOSTILE}!", HOSTILE: 1, "c": 2}
    found = lessons_of([step(0, first, f"{HOSTILE} refused", **kind), step(1, second, **kind)], {})
    assert len(found.lessons) == 1
    assert harmless(shown(render(found)))


def test_arguments_cut_at_their_bound_keep_what_is_whole() -> None:
    cut = codec.encode({"file_path": "/p/a.py", "new_string": "y" * 500})[:300] + "…"
    assert call_of(cut, False).path == "/p/a.py"
    assert call_of('{"content":"zzz…', False).path == ""


def world(seed: int, runs: int, with_fix: float, without: float) -> list[Step]:
    """Every run meets the error once; half try the fix, half something else."""
    generator = random.Random(f"lessons {seed}")
    steps = []
    for number in range(runs):
        tried = number % 2 == 0
        good = generator.random() < (with_fix if tried else without)
        name = f"r{number:04}"
        again = "tar -xf a.tar -C /out" if tried else f"tar -xf a.tar -k{'ab'[number % 4 // 2]} /out"
        steps += [
            shell(0, "tar -xf a.tar -c /out", "tar: You may not specify more than one", execution_id=name),
            shell(1, again, None if good else "tar: no", execution_id=name),
        ]
    return steps


def test_a_fix_counts_once_in_each_execution_against_runs_that_never_tried_it() -> None:
    steps = world(1, 40, 0.8, 0.3)
    # A run that tries the fix twice counts with its first try; one that gives up counts as not recovered.
    twice = [
        shell(n, "tar -xf a.tar -c /out", "tar: You may not specify more than one", execution_id="s") for n in (0, 2)
    ]
    twice += [
        shell(1, "tar -xf a.tar -C /out", "tar: no", execution_id="s"),
        shell(3, "tar -xf a.tar -C /out", execution_id="s"),
    ]
    gave_up = [shell(0, "tar -xf a.tar -c /out", "tar: You may not specify more than one", execution_id="u")]
    found = lessons_of([*steps, *twice, *gave_up], {})
    (lesson,) = [one for one in found.lessons if one.fix == "-c → -C"]
    outcome = {one.execution_id: one.outcome == "ok" for one in steps if one.place == 1}
    tried = [good for name, good in outcome.items() if int(name[1:]) % 2 == 0]
    others = [good for name, good in outcome.items() if int(name[1:]) % 2]
    assert (lesson.worked.successes, lesson.worked.total) == (sum(tried), len(tried) + 1)
    assert (lesson.without.successes, lesson.without.total) == (sum(others), len(others) + 1)
    assert lesson.worked.interval == wilson(sum(tried) / 21, 21)
    assert (lesson.seen, lesson.tried, lesson.gave_up) == (sum(tried) + 1, len(tried) + 2, 1)
    assert lesson.executions == sum(lesson.agents.values()) == sum(tried) + 1


def test_a_real_fix_is_found_and_an_ordinary_retry_is_not_called_one() -> None:
    worlds = 100
    helps = sum(
        any(one.verdict == "helps" for one in lessons_of(world(s, 60, 0.9, 0.3), {}).lessons) for s in range(worlds)
    )
    assert helps >= 0.9 * worlds
    alarms = sum(
        any(one.verdict in ("helps", "does harm") for one in lessons_of(world(s, 60, 0.5, 0.5), {}).lessons)
        for s in range(worlds)
    )
    # At a true rate of 5 %, more than 11 of 100 has a probability of 0.4 %.
    assert alarms <= 11


def test_runs_are_compared_on_equal_tasks() -> None:
    # The fix is only ever tried on the easy task: nothing can be said about it.
    steps = world(2, 40, 1.0, 0.0)
    tasks = {f"r{number:04}": "easy" if number % 2 == 0 else "hard" for number in range(40)}
    (lesson,) = [one for one in lessons_of(steps, tasks).lessons if one.fix == "-c → -C"]
    assert (lesson.difference, lesson.verdict) == (None, "not enough data")
    (lesson,) = [one for one in lessons_of(steps, {}).lessons if one.fix == "-c → -C"]
    assert lesson.verdict == "helps"


def test_the_answer_depends_on_no_order() -> None:
    steps = world(3, 60, 0.7, 0.4)
    expected = lessons_of(steps, {})
    for seed in range(5):
        random.Random(seed).shuffle(steps)
        assert lessons_of(steps, {}) == expected


def test_an_empty_vault_says_so() -> None:
    found = lessons.run(Lake([]))
    assert found.lessons == ()
    assert "No call failed" in shown(render(found))


def test_a_secret_in_the_traces_is_in_no_lesson(tmp_path: Path) -> None:
    folder = tmp_path / "traces"
    folder.mkdir()
    calls = [
        (f'curl -H "Authorization: Bearer {SECRET}" http://h.example/v1/x', "curl: (7) Failed to connect to port 80"),
        (f'curl -H "Authorization: Bearer {SECRET}" https://h.example/v1/x', None),
        (f"export KEY={SECRET} && deploy --key {SECRET} site-one", "deploy: unknown option --key"),
        (f"export KEY={SECRET} && deploy --token {SECRET} site-one", None),
    ]
    lines: list[dict[str, object]] = [
        {"type": "user", "uuid": "u0", "parentUuid": None, "sessionId": "s1", "timestamp": "2026-01-01T00:00:00.000Z",
         "cwd": "/w", "version": "2.0.0", "message": {"role": "user", "content": "call the service and deploy it"}}
    ]  # fmt: skip
    for number, (command, error) in enumerate(calls):
        base = {"sessionId": "s1", "cwd": "/w", "version": "2.0.0"}
        lines += [
            {**base, "type": "assistant", "uuid": f"a{number}", "parentUuid": f"u{number}",
             "timestamp": f"2026-01-01T00:0{number}:01.000Z",
             "message": {"id": f"m{number}", "role": "assistant", "model": "claude-x", "content": [
                 {"type": "tool_use", "id": f"t{number}", "name": "Bash", "input": {"command": command}}]}},
            {**base, "type": "user", "uuid": f"u{number + 1}", "parentUuid": f"a{number}",
             "timestamp": f"2026-01-01T00:0{number}:02.000Z",
             "message": {"role": "user", "content": [
                 {"type": "tool_result", "tool_use_id": f"t{number}", "content": error or "ok",
                  "is_error": bool(error)}]}},
        ]  # fmt: skip
    (folder / "s1.jsonl").write_text("\n".join(map(codec.encode, lines)) + "\n")
    root = VaultRoot(tmp_path / "vault")
    harvest([str(folder)], root, Options(jobs=1))
    found = lessons.run(root.snapshot())
    assert {one.fix for one in found.lessons} == {"http://h.example/v1/x → https://h.example/v1/x", "--key → --token"}
    told = codec.encode(found) + shown(render(found), 200)
    assert not any(SECRET[at : at + 12] in told for at in range(len(SECRET) - 12))


@pytest.fixture(scope="module")
def shipped(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Lessons:
    root = VaultRoot(tmp_path_factory.mktemp("lessons") / "vault")
    harvest(
        [str(fixtures / "generic"), str(fixtures / "swe-agent"), str(fixtures / "claude-code")], root, Options(jobs=1)
    )
    return lessons.run(root.snapshot())


@pytest.mark.parametrize(
    ("failed", "error", "fix"),
    [
        ("ic:40219ed6826b27364c00820d/0", "more than one", "-c → -C"),
        ("ic:23396c0d55380a449da399a6/0", "cannot open", "-f[/:] → -F[/:]"),
        ("ic:c76c54958b572a1e8a5819f1/0", "extra operand", "-u → -U"),
        ("ic:29267ec5cc47ad9f4c2e3d84/3", "unexpected EOF", "leave out ```"),
        ("ic:c9be43a2e86da1b413753a9a/0", "xargs: {}", "leave out {} after -i"),
    ],
)
def test_lessons_of_shipped_traces_a_person_agrees_with(shipped: Lessons, failed: str, error: str, fix: str) -> None:
    lesson = taught(shipped)[failed]
    assert error in lesson.error
    assert lesson.fix == fix


@pytest.fixture(scope="module")
def snapshot(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    root = VaultRoot(tmp_path_factory.mktemp("lessons") / "vault")
    folders = ("intercode-bash", "tau-bench", "claude-code", "openclaw/pi-v1", "swe-agent")
    harvest([str(corpus / name) for name in folders], root, Options(jobs=1))
    return root.snapshot()


@pytest.fixture(scope="module")
def found(snapshot: Snapshot) -> Lessons:
    return lessons.run(snapshot)


CC, PAPER = "cc:069508a5-1193-487c-a9b5-a6f5f3ae4f98", "cc:0a725fb5-6378-432a-9e84-9f3f49d4043d"


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("failed", "fix"),
    [
        # An order that is not delivered yet is modified, not exchanged.
        ("tau:09414d0dd743d8773462a80b#call_lR5NwxyNYiNGHRgeonLslVxB", "use modify_pending_order_items instead"),
        # A refund goes to the original payment method.
        ("tau:345a957875f943c97d7bf839#call_0nQnBANOzaXO8ppUqFKupsqs",
         "payment_method_id: paypal_9497703 → credit_card_3124723"),
        ("tau:16fd85b6c57b9a31ce60f289#call_cmgCylRXZjLqx8OlzEWCg0Tb", "order_id: #W9502126 → #W9502127"),
        (f"{CC}#toolu_01Xay6d7qG2NyRwgzptFvCJV",
         "file_path: /home/kenth56/vsla/status.md → /home/kenth56/vsla/STATUS.md"),
        # The text to replace was not there: the file was read first.
        (f"{PAPER}#toolu_014ty5r2fRimezCWrW3sjtMY", "first read stacking.tex; then old_string: written anew"),
        # Changing the folder is not allowed: the folder became an option.
        (f"{CC}#toolu_012wPqzb5dLRHaaRPFrv2bZB", "cd → wget -P · leave out && wget"),
        ("ic:445834e6419c929d577d62fa/1", "first run mkdir -p /system/folder3/temp; then the same call again"),
        ("ic:3506c4eaffbad97cd643096a/0", "-t → -T"),
        ("ic:377794089af1cc4ec15ad2a5/2", "leave out sudo"),
        ("sw:e74252b13287e3e817318e77/0",
         "first run unzip flash_c8429a430278283c0e571baebca3d139.zip; then the same call again"),
    ],
)  # fmt: skip
def test_lessons_of_real_traces_a_person_agrees_with(found: Lessons, failed: str, fix: str) -> None:
    assert taught(found)[failed].fix == fix


@pytest.mark.corpus
@pytest.mark.parametrize(
    "failed",
    [
        f"{CC}#toolu_01J5T9SuKCspBenFR7hDaubw",  # nvcc is not there; asking gcc for its version is something else
        f"{PAPER}#toolu_018rEBWYJf8PPFPHtVN8FQBk",  # no Makefile; another file was read
        f"{PAPER}#toolu_01BeqaDvkX8xisZKSvorVWL9",  # pdflatex fails; `|| echo "Compilation failed"` hides it
        f"{PAPER}#toolu_01QNvbCm9b7XrcUxZg5mm387",  # grep found nothing: the error says nothing
        "ic:006ec9143837862d7c82a0f8/0",  # `if [ -d "/system" ]` around the call hides that /system is not there
        "ic:07fb21a50dd0020b9dec4c9f/0",  # the folder to list was made up
        "ic:e20ea27e5d023352d66a7218/1",  # what was to be moved was made up
        "ic:571e679ca22c5190ed0990f7/4",  # rm -f does not complain
        "oc:ffae836b-9420-4060-ac13-7745215f90ff#toolu_01C3qqXtJiVPX5r2P5hafx2p",  # a person stopped it
        "tau:33bd00f5efbce298e522d116#call_fOB5je7m0FwHpgPmR0Jq6zYq",  # asked in another way, with nothing in common
    ],
)
def test_pairs_of_real_traces_that_are_no_lessons(found: Lessons, snapshot: Snapshot, failed: str) -> None:
    rows = snapshot.sql("SELECT outcome FROM decisions WHERE decision_id = ?", (failed,)).to_pylist()
    assert [row["outcome"] for row in rows] == ["failed"]
    assert failed not in taught(found)


@pytest.mark.corpus
def test_every_lesson_of_real_traces_is_bounded_redacted_and_really_happened(
    found: Lessons, snapshot: Snapshot
) -> None:
    rows = snapshot.sql(
        "SELECT decision_id, execution_id, step, outcome FROM decisions ORDER BY decision_id"
    ).to_pylist()
    decisions = {row["decision_id"]: row for row in rows}
    redactor = Redactor(b"k" * 32)
    assert len(found.lessons) >= 50
    assert len({one.lesson_id for one in found.lessons}) == len(found.lessons)
    for lesson in found.lessons:
        assert 0 < len(lesson.fix) <= FIX_CHARS
        assert "\n" not in lesson.fix + lesson.error
        for text in (lesson.fix, lesson.error):
            assert redactor.text(text) == text
        assert lesson.seen >= lesson.executions >= 1
        for tried in lesson.evidence:
            before, after = decisions[tried.failed], decisions[tried.tried]
            assert before["execution_id"] == after["execution_id"] == tried.execution_id
            assert before["step"] < after["step"]
            assert before["outcome"] in ("failed", "timeout")
            assert (after["outcome"] == "ok") is tried.worked


@pytest.mark.corpus
def test_counts_of_real_traces_are_those_made_by_hand(found: Lessons, snapshot: Snapshot) -> None:
    """The order that is not delivered, recounted from the decisions alone."""
    rows = snapshot.sql(
        "SELECT execution_id, step, tool, outcome, error FROM decisions WHERE starts_with(execution_id, 'tau:') "
        "ORDER BY execution_id, step"
    ).to_pylist()
    runs: dict[str, list[dict[str, object]]] = defaultdict(list)
    for row in rows:
        runs[row["execution_id"]].append(row)
    met = {
        name
        for name, steps in runs.items()
        if any(row["error"] == "Error: non-delivered order cannot be exchanged" for row in steps)
    }
    same = [one for one in found.lessons if one.error == "Error: non-delivered order cannot be exchanged"]
    assert same
    for lesson in same:
        assert lesson.worked.total + lesson.without.total == len(met)


@pytest.mark.corpus
def test_lessons_are_asked_for_by_agent_tool_and_error(snapshot: Snapshot, found: Lessons) -> None:
    for tool in ("tar", "exec:tar", "EXEC:TAR"):
        assert {one.tool for one in lessons.run(snapshot, tool=tool).lessons} == {"exec:tar"}
    agent = next(iter(found.lessons[0].agents))
    of_agent = lessons.run(snapshot, agent)
    assert of_agent.lessons == tuple(one for one in found.lessons if agent in one.agents)
    asked = lessons.run(snapshot, query="exchange refused: order is non-delivered, cannot be exchanged")
    assert asked.lessons[0].fix == "use modify_pending_order_items instead"
    assert list(asked.near) == sorted(asked.near, reverse=True)
    assert lessons.run(snapshot, query="zzz qqq").lessons == ()
    page = said(shown(render(asked, limit=1)))
    assert "likeness" in page
    assert "worked at the first try in 3 of 3 runs" in page
    assert "not enough data" in page
