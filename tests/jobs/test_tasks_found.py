"""Templates and slots, ids that equal texts join, labels, and the same answer whatever the order."""

from __future__ import annotations

import random
import re
import time
from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

import pytest
from rapidfuzz.fuzz import token_set_ratio

from soma.errors import NothingFound
from soma.model import Execution
from soma.synthesizer.jobs import tasks
from soma.synthesizer.jobs.tasks import cluster
from soma.synthesizer.jobs.tasks.compute import tasks_of
from soma.synthesizer.jobs.tasks.explain import render, render_detail
from soma.synthesizer.jobs.tasks.model import Attempt, Tasks
from soma.synthesizer.jobs.tasks.normalise import words
from soma.synthesizer.jobs.tasks.template import templates
from soma.synthesizer.queries import query
from soma.vault import VaultRoot

from . import test_queries
from .lake import Lake, execution
from .whole import HOSTILE, harmless, said, shown

PEOPLE = ["Acme", "Globex", "Initech", "Umbrella", "Stark Industries", "Wayne", "Hooli"]
DRAWN = [f"cron:{n}5a7dccc-783f-41be-9077-bb17e7f8465{n}" for n in range(4)]


def of(*executions: Execution) -> Tasks:
    return tasks.run(Lake(executions))


def asking(texts: Iterable[str]) -> Tasks:
    return of(*(execution(f"{n:03}", task_text=text) for n, text in enumerate(texts)))


def test_requests_that_differ_in_a_slot_are_one_task() -> None:
    found = asking(f"Write the weekly status report for {name} and send it to the board" for name in PEOPLE)
    assert [(task.found, task.texts, task.executions, task.label) for task in found.tasks] == [
        ("template", 7, 7, "Write the weekly status report for <…> and send it to the b…")
    ]


def test_a_slot_filled_with_words_that_occur_elsewhere_is_seen_too() -> None:
    colours = ["red", "green", "blue", "black", "white"]
    frames = ["Paint the big door of the house {} and let it dry", "Order ten litres of good {} paint for the house"]
    made = templates([frame.format(colour).casefold() for frame in frames for colour in colours])
    assert set(made.values()) == {frame.format("<any>").casefold() for frame in frames}


def test_two_slots_are_seen() -> None:
    days = ["early", "late", "noon", "dawn", "dusk"]
    texts = [
        f"send the long report for {name.casefold()} to the whole team at {day}" for name in PEOPLE for day in days
    ]
    assert set(templates(texts).values()) == {"send the long report for <any> to the whole team at <any>"}


@pytest.mark.parametrize(
    "texts",
    [
        [f"{verb} the old backups of the whole team" for verb in ("Delete", "Create", "Move", "List", "Pack", "Mail")],
        [f"Fetch and digest {name}" for name in PEOPLE],
        [f"Write the weekly status report for {name} and send it to the board" for name in PEOPLE[:4]],
        [f"Solve this issue now please and tell us {' '.join(f'{word}{n}x' for word in 'abcdefgh')}" for n in range(9)],
    ],
    ids=["the verb is no slot", "too little stands around it", "too few to be a template", "a paragraph is no slot"],
)
def test_what_is_no_template(texts: list[str]) -> None:
    assert templates([text.casefold() for text in texts]) == {}


def test_long_requests_that_differ_in_a_paragraph_are_two_tasks() -> None:
    rules = " ".join(f"rule{chr(97 + n)} you must follow" for n in range(20)) + " and never forget the usual manners"
    issues = ["the parser drops the last column of every table", "the clock runs backwards when summer time ends"]
    assert len(asking(f"{rules} issue: {issue}" for issue in issues).tasks) == 2


def test_candidates_miss_no_pair_that_is_alike() -> None:
    generator = random.Random(5)
    stock = [f"{a}{b}" for a in ("mail", "disk", "user", "net", "log", "time") for b in ("s", "ed", "ing", "er")]
    texts = []
    for _ in range(40):
        base = generator.choices(stock, k=generator.randint(6, 20))
        texts.append(" ".join(base))
        base[generator.randrange(len(base))] = generator.choice(stock)
        texts.append(" ".join(base))
    groups, capped = cluster.like_texts(texts)
    assert not capped
    alike = 0
    for one, other in combinations(sorted(set(texts)), 2):
        first, second = set(words(one)), set(words(other))
        larger, shared = max(len(first), len(second)), len(first & second)
        enough = min(len(first), len(second)) >= 6 and shared >= 0.8 * larger and larger - shared <= 3
        if enough and token_set_ratio(one, other) >= 90:
            assert groups[one] == groups[other]
            alike += 1
    assert alike >= 20


def test_ids_a_machine_drew_are_joined_by_equal_text() -> None:
    found = of(
        execution("1", "a", task_id=DRAWN[1], task_text="value the  stock"),
        execution("2", "b", task_id=DRAWN[0], task_text="value the stock"),
        execution("3", "c", task_text="value the stock"),
        execution("4", "c", task_id=DRAWN[2], task_text="import the feed"),
    )
    assert found.assignments == {"1": DRAWN[0], "2": DRAWN[0], "3": DRAWN[0], "4": DRAWN[2]}
    first = found.tasks[0]
    assert (first.found, first.by, first.ids) == ("explicit", {"explicit": 2, "text": 1}, tuple(DRAWN[:2]))
    assert first.label == "value the stock"
    page = said(shown(render(found), 100))
    assert "explicit + text" in page


def test_ids_of_one_data_set_are_never_joined_by_text() -> None:
    said_so = "Hello there, I would like to return everything that I ordered"
    found = of(
        execution("1", task_id="tau:retail:1", task_text=said_so),
        execution("2", task_id="tau:retail:2", task_text=said_so),
        execution("3", task_text=said_so),
        execution("4", task_id="other:retail:1", task_text=said_so),
    )
    assert {run: found.assignments[run] for run in "124"} == {
        "1": "tau:retail:1", "2": "tau:retail:2", "4": "other:retail:1",
    }  # fmt: skip
    assert found.assignments["3"].startswith("txt-")


def test_ids_of_two_data_sets_are_joined_where_the_text_has_one_in_each_and_says_enough() -> None:
    long, opening = "Count all lines of the file /a/b.txt that start with x", "I need help"
    found = of(
        execution("1", task_id="inspect:bash:7", task_text=long),
        execution("2", task_id="bash:17", task_text=long),
        execution("3", task_text=long),
        execution("4", task_id="inspect:tau:7", task_text=opening),
        execution("5", task_id="tau:9", task_text=opening),
        execution("6", task_text=opening),
    )
    assert {run: found.assignments[run] for run in "12345"} == {
        "1": "bash:17", "2": "bash:17", "3": "bash:17", "4": "inspect:tau:7", "5": "tau:9",
    }  # fmt: skip
    assert found.assignments["6"] not in {"inspect:tau:7", "tau:9"}


def test_a_text_of_which_only_the_beginning_is_stored_joins_nothing_and_is_counted() -> None:
    cut = "Count all lines of the file " + "word " * 405 + "…"
    found = of(
        execution("1", task_id=DRAWN[0], task_text=cut),
        execution("2", task_text=cut),
        execution("3", task_text=cut),
    )
    assert found.assignments["2"] == found.assignments["3"] != found.assignments["1"]
    assert found.cut == 2
    assert "Known by the first 2 KiB of a longer request only: 2 executions" in said(shown(render(found)))


def test_labels_keep_the_capitals_and_tell_tasks_apart() -> None:
    twin = "Check the weather and the forecast for all the big cities of the {} United States of America"
    found = asking(
        [
            "Write the digest of 2024-11-03", "Write the digest of 2024-11-04",
            twin.format("WESTERN half, mountains included, of our"), twin.format("EASTERN coast up north within those"),
        ]
    )  # fmt: skip
    labels = [task.label for task in found.tasks]
    assert labels[0] == "Write the digest of <date>"
    assert len(set(labels)) == len(labels) == 3
    assert all(re.search(r" · txt-[0-9a-f]{12}$", label) for label in labels[1:])


def test_one_task_is_shown_with_its_requests_and_runs() -> None:
    lake = Lake(
        [
            execution("1", "a", task_id=DRAWN[0], task_text="value the stock"),
            execution("2", "b", task_text="value the stock"),
            execution("3", "b", task_text="import the feed"),
            execution("4", "b", task_id="value:none"),
        ]
    )
    detail = tasks.show(lake, "value the stock")
    assert [(one.text, one.found, one.executions) for one in detail.wordings] == [
        ("value the stock", "explicit", 1), ("value the stock", "text", 1),
    ]  # fmt: skip
    assert [(one.execution_id, one.wording) for one in detail.executions] == [("1", 1), ("2", 2)]
    assert tasks.show(lake, DRAWN[0]) == detail
    assert tasks.show(lake, "IMPORT").task.executions == 1
    page = said(shown(render_detail(detail)))
    assert "soma decisions --execution 1 --output" in page
    with pytest.raises(NothingFound, match="no task"):
        tasks.show(lake, "nothing")
    with pytest.raises(NothingFound, match="2 tasks are called like") as several:
        tasks.show(lake, "value")
    assert "name one by its key" in (several.value.hint or "")


def test_hostile_requests_do_not_steer_the_screen() -> None:
    lake = Lake([execution(str(n), HOSTILE, task_text=f"{HOSTILE} and then do it {n}", task_id=None) for n in range(3)])
    found = tasks.run(lake)
    for width in (80, 100):
        for page in (shown(render(found), width), shown(render_detail(tasks.show(lake, found.tasks[0].key)), width)):
            assert harmless(page)
            assert max(len(line) for line in page.splitlines() if "soma " not in line) <= width


def many(executions: int, distinct: int) -> list[Attempt]:
    """A quarter made from templates, a quarter nearly equal, the rest free; words as frequent as in real texts."""
    generator = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    stock = ["".join(generator.choices(letters, k=generator.randint(3, 9))) for _ in range(3000)]
    weights = [1 / (place + 1) for place in range(len(stock))]
    frames = [generator.choices(stock, weights, k=12) for _ in range(50)]
    bases = [generator.choices(stock, weights, k=18) for _ in range(1000)]
    texts = []
    for number in range(distinct):
        if number % 4 == 0:
            frame = frames[number // 4 % 50]
            text = [*frame[:6], *generator.choices(stock, k=generator.randint(1, 2)), *frame[6:]]
        elif number % 4 == 1:
            text = list(bases[number // 4 % 1000])
            text[generator.randrange(18)] = generator.choice(stock)
        else:
            text = generator.choices(stock, weights, k=generator.randint(8, 60))
        texts.append(" ".join(text))
    return [Attempt(f"x{n:06}", f"a{n % 20}", None, generator.choice(texts)) for n in range(executions)]


def test_a_hundred_thousand_runs_with_twenty_thousand_requests_take_seconds() -> None:
    attempts = many(100_000, 20_000)
    tasks_of(attempts[:10])
    began = time.process_time()
    found = tasks_of(attempts)
    took = time.process_time() - began
    assert not found.capped
    assert sum(task.found == "template" for task in found.tasks) >= 45
    # Three seconds where this was written; the bound is for slower machines.
    assert took < 15


def test_the_answer_depends_on_no_order() -> None:
    attempts = many(3000, 1500)
    expected = tasks_of(attempts)
    for seed in range(3):
        random.Random(seed).shuffle(attempts)
        assert tasks_of(attempts) == expected


def test_the_query_for_labels_keeps_to_the_dialect() -> None:
    test_queries.test_only_what_every_engine_reads_alike(tasks.__name__, "labels")
    assert Lake([]).sql(query(tasks.__name__, "labels")).column_names == ["execution_id", "labels"]


@pytest.mark.corpus
def test_requests_of_real_tasks_without_their_ids_are_hardly_ever_mixed(corpus: Path, tmp_path: Path) -> None:
    from soma.harvester.harvest import Options, harvest

    root = VaultRoot(tmp_path / "vault")
    harvest([str(corpus / name) for name in ("intercode-bash", "swe-agent")], root, Options(jobs=1))
    rows = root.snapshot().sql(query(tasks.__name__, "query")).to_pylist()
    ids = {row["execution_id"]: row["task_id"] for row in rows}
    found = tasks_of([Attempt(row["execution_id"], row["agent_id"], None, row["task_text"]) for row in rows])
    together: dict[str, set[str]] = defaultdict(set)
    for run, key in found.assignments.items():
        together[key].add(ids[run])
    mixed = [sorted(several) for several in together.values() if len(several) > 1]
    assert len(found.assignments) == len(rows)
    # Of 154 ids, eight in four pairs that differ in a word or a path ("*.doc", "*.log").
    assert len(set(ids.values())) > 150
    assert sum(map(len, mixed)) <= 8
