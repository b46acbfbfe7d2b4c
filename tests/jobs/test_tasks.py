"""What makes executions comparable: explicit ids, equal requests, like requests."""

from __future__ import annotations

import random

import pytest

from soma.model import Execution
from soma.synthesizer.jobs import tasks
from soma.synthesizer.jobs.tasks import cluster
from soma.synthesizer.jobs.tasks.model import Tasks
from soma.synthesizer.jobs.tasks.normalise import normalised

from .lake import Lake, execution

LONG = "Collect all unread mails of the support inbox and write a digest of the {} most urgent ones for the team"


def of(*executions: Execution) -> Tasks:
    return tasks.run(Lake(executions))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Fetch  mails\nof 2024-11-03T03:12:00Z", "fetch mails of 2025-01-31"),
        ("Review PR #231 in /home/u/repo", "Review PR #7 in /srv/checkout"),
        ("Summarise ticket 'INV-2231' please", "Summarise ticket 'INV-9' please."),
        ("Open case 123e4567-e89b-12d3-a456-426614174000 now", "Open case 00000000-e89b-12d3-a456-426614174999 now"),
        ("Deploy commit 8f3ac21 to staging", "Deploy commit 0b9d77e01 to staging"),
        ("Mail bob@example.com the report", "Mail alice.b@mail.example.org the report"),
        ("Read https://a.example/x?y=1 and summarise", "Read http://b.example and summarise"),
        ("Run the report of 12 November 2025", "Run the report of Nov 3, 2024"),
        ("Wait until 10:30 pm then call", "Wait until 9:05 am then call"),
        ("Add 1,200.50 to 3 accounts", "Add 7 to 12 accounts"),
        ("Write the plan of Monday", "Write the plan of sunday"),
        ("Close the books of March 2025", "Close the books of Q3 2024"),
        ("Call it with [REDACTED:aws-key:9f3c] now", "Call it with [REDACTED:aws-key:0000] now"),
    ],
)
def test_what_changes_between_attempts_does_not_make_another_task(one: str, other: str) -> None:
    assert normalised(one) == normalised(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Delete the old backups", "Create the old backups"),
        ("count words that start with 'hello'", "count words that start with 'goodbye'"),
        ("either this or that", "neither this or that"),
        ("mark 3 tickets as done", "november 3 tickets as done"),
    ],
)
def test_what_is_asked_for_makes_another_task(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


@pytest.mark.parametrize(
    "text", ["yes", "continue", "/clear", "42", "", "   \n", "fix it", "2024-11-03 10:00", "[REDACTED_PROMPT]"]
)
def test_a_request_that_says_too_little_is_no_task(text: str) -> None:
    assert normalised(text) == ""


@pytest.mark.parametrize("unit", ["a/", "a-", "1", "/", "a@", "'1", "ab1", "a.b/", "0-", "1.", "\\a", "a.", "https://"])
def test_hostile_text_is_read_in_time(unit: str) -> None:
    assert len(normalised("do this " + unit * (8000 // len(unit)))) < 20_000


def test_an_id_the_source_gives_decides_over_the_text() -> None:
    found = of(
        execution("1", "a", task_id="cron:digest", task_text="write the digest of today"),
        execution("2", "b", task_id="cron:digest", task_text="something else entirely"),
        execution("3", "b", task_id="cron:other", task_text="write the digest of today"),
    )
    assert found.assignments == {"1": "cron:digest", "2": "cron:digest", "3": "cron:other"}
    assert [(task.label, task.found, task.agents) for task in found.tasks] == [
        ("cron:digest", "explicit", {"a": 1, "b": 1}),
        ("cron:other", "explicit", {"b": 1}),
    ]


def test_an_id_that_tells_nothing_is_labelled_by_the_request() -> None:
    found = of(execution("1", task_id="set:17", task_text="Count all\x1b[31m lines"))
    assert [task.label for task in found.tasks] == ["Count all lines"]


def test_like_requests_are_one_task_and_say_so() -> None:
    found = of(
        execution("1", "a", task_text=LONG.format(5)),
        execution("2", "b", task_text=LONG.format(7)),
        execution("3", "b", task_text=LONG.format(5) + " today"),
        execution("4", "b", task_text="Delete every mail of the support inbox and close all open tickets at once"),
    )
    assert [(task.executions, task.texts, task.found) for task in found.tasks] == [(3, 2, "like text"), (1, 1, "text")]
    assert found.tasks[0].key.startswith("txt-")


def test_a_request_that_is_part_of_another_is_not_like_it() -> None:
    short = "find all files that were changed in the last week"
    groups, capped = cluster.like_texts([short, short + " and move each of them into the archive folder of the team"])
    assert len(set(groups.values())) == 2
    assert not capped


def test_groups_do_not_depend_on_order() -> None:
    generator = random.Random(4)
    stems = [
        "collect the unread mails and write the digest for",
        "restart the failing pods and report to",
        "pay rent of",
    ]
    texts = [f"{stem} the {team} team in {place}" for stem in stems for team in "abcd" for place in ("town", "village")]
    groups, _ = cluster.like_texts(texts)
    for _ in range(10):
        generator.shuffle(texts)
        assert cluster.like_texts(texts)[0] == groups
    assert 1 < len(set(groups.values())) < len(texts)


def test_too_much_work_is_capped_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [execution(str(n), task_text=LONG.format(word)) for n, word in enumerate("abcd")]
    assert (of(*rows).capped, len(of(*rows).tasks)) == (False, 1)
    for name in ("_COMPARISONS", "_CANDIDATES"):
        with monkeypatch.context() as patch:
            patch.setattr(cluster, name, 3)
            found = of(*rows)
            assert found.capped
            assert found.executions == 4
            assert of(*reversed(rows)) == found


def test_what_an_agent_delegated_or_abandoned_is_not_compared() -> None:
    found = of(
        execution("1", "a", task_id="t"),
        execution("2", "a", task_id="t", parent_execution_id="1"),
        execution("3", "a", task_id="t", labels={"branch": "abandoned"}),
        execution("4", "a", task_id="t", labels={"branch": "active", "x": "y"}),
        execution("5", "a"),
    )
    assert found.assignments == {"1": "t", "4": "t"}
    assert (found.executions, found.untasked) == (3, 1)


def test_agents_share_work_through_one_another() -> None:
    found = of(
        execution("1", "a", task_id="t"),
        execution("2", "b", task_id="t"),
        execution("3", "b", task_id="u"),
        execution("4", "c", task_id="u"),
        execution("5", "d", task_id="v"),
        execution("6", "e", task_id="w"),
        execution("7", "f", task_id="w"),
    )
    assert [(family.agents, family.tasks, family.executions) for family in found.families] == [
        (("a", "b", "c"), 2, 4),
        (("e", "f"), 1, 2),
    ]
