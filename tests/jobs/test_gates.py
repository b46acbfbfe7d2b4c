"""Arms of runs held against each other: verdicts, cautions, pages, and the exit code a pipeline goes by."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from soma import codec
from soma.cli.gates import command
from soma.config import TaskRule
from soma.errors import NothingFound
from soma.harvester.harvest import Options, harvest
from soma.model import Execution
from soma.synthesizer import commands
from soma.synthesizer.jobs import gates
from soma.synthesizer.jobs.gates.explain import render
from soma.synthesizer.jobs.gates.model import Comparison, Gates, Run
from soma.synthesizer.queries import query
from soma.synthesizer.stats import Stratum, compare
from soma.vault import VaultRoot

from . import test_queries
from .lake import Lake, execution
from .whole import HOSTILE, harmless, said, shown

_MINUTE = 60_000_000
_START = 1_770_000_000_000_000


def runs(
    arm: str, rate: float, many: int, *, tasks: int = 10, start: int = 0, known: float = 1.0, **more: Any
) -> Iterator[Execution]:
    """Runs with the label ``prompt``, one a minute, that succeed by chance at this rate."""
    rng = random.Random(f"{arm} {rate} {many}")
    for number in range(many):
        success = rng.random() < rate
        yield execution(
            f"{arm}-{number:04}", status="completed", success=success if rng.random() < known else None,
            task_id=f"task-{number % tasks}", labels={"prompt": arm},
            started_at=_START + (start + number) * _MINUTE, **more,
        )  # fmt: skip


def one(found: Gates, treatment: str) -> Comparison:
    (only,) = [comparison for comparison in found.comparisons if comparison.treatment == treatment]
    return only


@pytest.fixture(scope="module")
def planted() -> Lake:
    return Lake(
        [*runs("old", 0.6, 420), *runs("good", 0.85, 400), *runs("bad", 0.3, 400), *runs("few", 0.6, 12),
         execution("none", labels={"other": "x"}, task_id="task-1", success=True)]
    )  # fmt: skip


def test_the_query_answers_the_fields_of_a_run_in_the_dialect_of_all_engines() -> None:
    assert tuple(Lake([]).sql(query(gates.__name__, "query")).column_names) == Run.__struct_fields__
    test_queries.test_only_what_every_engine_reads_alike(gates.__name__, "query")


def test_planted_arms_get_the_verdict_they_deserve(planted: Lake) -> None:
    found = gates.run(planted, "prompt")
    assert (found.control, found.control_chosen, found.measure) == ("old", False, "success")
    assert [arm.name for arm in found.arms] == ["old", "bad", "good", "few"]
    assert {name: one(found, name).verdict for name in ("good", "bad", "few")} == {
        "good": "validated",
        "bad": "refuted",
        "few": "collecting",
    }
    assert found.comparisons[0].treatment == "bad"
    assert found.unlabelled == 1
    assert "prompt of 1 of 1,233 runs, in no arm" in found.not_known
    good = one(found, "good")
    assert (good.tasks, good.pairs, good.better) == (10, 400, "treatment")
    assert good.interval.low > 0
    assert good.interval.low < 0.25 < good.interval.high
    assert one(found, "few").more is not None


def test_the_difference_is_that_of_the_tasks_and_the_test_takes_thirty_of_each(planted: Lake) -> None:
    found = gates.run(planted, "prompt")
    rows = planted.sql(
        "SELECT task_id, labels['prompt'] AS arm, count(*) AS n, sum(success::INT) AS s FROM executions "
        "WHERE labels['prompt'] IN ('old', 'good', 'few') GROUP BY ALL"
    ).to_pylist()
    counts = {(row["task_id"], row["arm"]): (int(row["s"]), row["n"]) for row in rows}
    for arm in ("good", "few"):
        strata = [Stratum(*counts[f"task-{n}", "old"], *counts[f"task-{n}", arm]) for n in range(10)]
        expected = compare(strata)
        assert expected is not None
        effect = one(found, arm).effect
        assert effect is not None
        assert (effect.estimate, effect.interval) == (expected.estimate, expected.interval)
        assert effect.p_value == (expected.p_value if arm == "good" else None)


def test_an_arm_with_harder_tasks_is_not_called_worse() -> None:
    rows = [
        *runs("old", 0.9, 200, tasks=2), *runs("new", 0.9, 40, tasks=2),
        *(execution(f"h{arm}{n}", task_id="hard", success=n % 10 == 0, labels={"prompt": arm}, started_at=_START + n)
          for arm, many in (("old", 20), ("new", 180)) for n in range(many)),
    ]  # fmt: skip
    found = gates.run(Lake(rows), "prompt")
    only = found.comparisons[0]
    rates = {arm.name: arm.outcome.rate or 0.0 for arm in found.arms}
    assert abs(rates["old"] - rates["new"]) > 0.5
    assert only.verdict in ("alike", "collecting")
    assert "task mix" in {caution.kind for caution in only.cautions}


def test_nearly_equal_arms_are_alike() -> None:
    found = gates.run(Lake([*runs("old", 0.97, 400), *runs("new", 0.97, 400)]), "prompt")
    assert found.comparisons[0].verdict == "alike"
    assert found.comparisons[0].interval.within(0.1)
    assert gates.run(Lake([*runs("old", 0.97, 400), *runs("new", 0.97, 400)]), "prompt", delta=0.01).comparisons[
        0
    ].verdict == ("collecting")


def test_arms_are_told_by_columns_days_and_labels() -> None:
    day = 24 * 60
    rows = [*runs("a", 0.5, 5, model="m1", team_id="t"), *runs("b", 0.5, 4, start=day, model="m2", operator_id="o")]
    lake = Lake(rows)
    for by, arms in (
        ("model", ["m1", "m2"]), ("agent", ["agent-a"]), ("team", ["t"]), ("operator", ["o"]),
        ("framework", ["generic"]), ("day", ["2026-02-02", "2026-02-03"]), ("week", ["2026-W06"]),
        ("month", ["2026-02"]), ("prompt", ["a", "b"]), ("label:prompt", ["a", "b"]),
    ):  # fmt: skip
        assert [arm.name for arm in gates.run(lake, by).arms] == arms, by


def test_only_the_arms_asked_about_are_compared(planted: Lake) -> None:
    found = gates.run(planted, "prompt", treatment="few", control="bad")
    assert ([arm.name for arm in found.arms], found.control, found.control_chosen) == (["bad", "few"], "bad", True)
    assert [comparison.treatment for comparison in found.comparisons] == ["few"]
    alone = gates.run(planted, "prompt", treatment="old")
    assert alone.control == "bad"
    by_task = gates.run(planted, "prompt", task="task-3")
    assert by_task.comparisons[0].tasks == 1
    assert gates.run(planted, "prompt", agent="agent-a").executions == 1232


def test_names_that_mean_nothing_are_answered_with_those_that_do(planted: Lake) -> None:
    with pytest.raises(NothingFound, match="no run tells its 'promt'") as missing:
        gates.run(planted, "promt")
    assert missing.value.hint.startswith("runs can be told apart by: prompt, ")
    with pytest.raises(NothingFound, match="no run has prompt 'god'") as wrong:
        gates.run(planted, "prompt", treatment="god")
    assert wrong.value.hint.startswith("there are: good")
    with pytest.raises(NothingFound, match="no task is called 'nothing'"):
        gates.run(planted, "prompt", task="nothing")


def test_runs_without_a_common_task_are_compared_only_when_asked_to() -> None:
    rows = [
        execution(f"{arm}{n}", success=n % 2 == 0 or arm == "b", task_id=f"{arm}{n}", labels={"prompt": arm},
                  started_at=_START + n)
        for arm in "ab" for n in range(80)
    ]  # fmt: skip
    apart = gates.run(Lake(rows), "prompt")
    assert (apart.comparisons[0].pairs, apart.comparisons[0].verdict) == (0, "collecting")
    assert "--across-tasks" in apart.notes[0]
    together = gates.run(Lake(rows), "prompt", across_tasks=True)
    assert together.comparisons[0].verdict == "validated"
    assert "over all tasks as one" in said(shown(render(together)))
    ruled = [TaskRule(comparable=False, id="b*")]
    left = gates.run(Lake(rows), "prompt", across_tasks=True, rules=ruled)
    assert [arm.name for arm in left.arms] == ["a"]


def test_success_is_not_made_up_from_how_runs_ended() -> None:
    rows = [*runs("old", 0.5, 40), *runs("new", 0.5, 40, known=0.0)]
    found = gates.run(Lake(rows), "prompt")
    assert found.measure == "status"
    assert "as success is not known of both sides" in shown(render(found), 120)
    more = gates.run(Lake([*rows, *runs("mixed", 0.5, 39, known=0.5)]), "prompt", control="old")
    assert more.measure == "success"
    (silent,) = [arm for arm in more.arms if arm.name == "new"]
    assert (silent.outcome.total, silent.without_outcome) == (0, 40)
    assert "missing outcomes" in {caution.kind for caution in one(more, "mixed").cautions}
    assert any("success of" in text for text in more.not_known)
    told = gates.run(Lake([*rows, *runs("third", 0.5, 39)]), "prompt", control="new")
    assert "--control" in told.notes[0]


def test_arms_that_did_not_run_side_by_side_are_said_to_be_so() -> None:
    def kinds(*rows: Iterator[Execution]) -> dict[str, str]:
        lake = Lake([run for some in rows for run in some])
        return {caution.kind: caution.text for caution in gates.run(lake, "prompt").comparisons[0].cautions}

    assert kinds(runs("old", 0.5, 90), runs("new", 0.5, 90)) == {}
    assert "one after the other, old first" in kinds(runs("old", 0.5, 90), runs("new", 0.5, 80, start=5000))["time"]
    assert "half of new had run by" in kinds(runs("old", 0.5, 90), runs("new", 0.5, 80, start=70))["time"]
    elsewhere = kinds(runs("old", 0.5, 90, tasks=30), runs("new", 0.5, 80, tasks=10))
    assert elsewhere["other tasks"].startswith("60 runs of old of 90")


def test_with_many_arms_each_has_to_show_more() -> None:
    rows = [*runs("old", 0.5, 90), *runs("new", 0.75, 80)]
    alone = gates.run(Lake(rows), "prompt").comparisons[0]
    crowd = [run for number in range(12) for run in runs(f"same-{number}", 0.5, 40)]
    among = one(gates.run(Lake([*rows, *crowd]), "prompt"), "new")
    assert among.e_value == alone.e_value
    assert among.q_value > alone.q_value


def test_neither_the_order_of_rows_nor_threads_change_the_answer(planted: Lake) -> None:
    rows = [*runs("old", 0.6, 60), *runs("new", 0.7, 50)]
    shuffled = list(rows)
    random.Random(3).shuffle(shuffled)
    answers = {
        codec.pretty(gates.run(Lake(some, threads=threads), "prompt"))
        for some in (rows, shuffled)
        for threads in (1, 4)
    }
    assert len(answers) == 1


@pytest.mark.parametrize("width", [60, 80, 100])
def test_the_page_keeps_to_its_width_and_says_how_it_stands(planted: Lake, width: int) -> None:
    page = shown(render(gates.run(planted, "prompt")), width)
    assert max(map(len, page.splitlines())) <= width
    text = said(page)
    assert "bad refuted: does worse than old" in text
    assert "good validated: does better than old" in text
    assert "few collecting: not enough data to hold it against old" in text
    assert "too few for the test of one look (it takes 30 runs of each arm)" in text
    assert "Still needed, runs of each arm on common tasks:" in text
    assert "3 arms held against old, the most frequent: 1 refuted, 1 validated, 1 collecting." in text
    assert "├" in page
    assert "2 further arms" in said(shown(render(gates.run(planted, "prompt"), limit=1), width))


def test_long_names_are_told_apart_by_their_ends() -> None:
    names = [f"./data/prompts/of/the/second/season/version_{number}.json" for number in (1, 2)]
    page = shown(render(gates.run(Lake([run for name in names for run in runs(name, 0.5, 20)]), "prompt")), 80)
    assert "version_1.json (control)" in page
    assert any(line.startswith("…") and "version_2.json " in line for line in page.splitlines())


def test_hostile_names_stay_text() -> None:
    rows = [
        *(execution(f"a{n}", HOSTILE, success=True, task_id=HOSTILE, labels={HOSTILE: HOSTILE}) for n in range(5)),
        *(execution(f"b{n}", HOSTILE, success=False, task_id=HOSTILE, labels={HOSTILE: "x"}) for n in range(5)),
    ]
    page = shown(render(gates.run(Lake(rows), HOSTILE, agent=HOSTILE, task=HOSTILE)))
    assert harmless(page)
    assert "[bold red]x[/]" in page


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "No runs to compare."),
        ([execution("a", labels={"prompt": "x"}), execution("b", agent_id="z")], "All runs have prompt x"),
    ],
)
def test_with_nothing_to_compare_the_page_says_what_it_takes(rows: list[Execution], words: str) -> None:
    assert words in said(shown(render(gates.run(Lake(rows), "prompt"))))


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault of the runs of several models on the same tasks, out of the shipped traces."""
    place = tmp_path_factory.mktemp("gates")
    root = VaultRoot(place / "vault")
    fixtures = Path(__file__).resolve().parents[2] / "fixtures"
    harvest([str(fixtures / "generic")], root, Options(jobs=1))
    return place / "vault"


def call(vault: Path, *arguments: str) -> Result:
    result = CliRunner().invoke(command, ["--vault", str(vault), *arguments])
    commands.name_vault(None)
    return result


def test_a_pipeline_goes_by_the_exit_code(vault: Path) -> None:
    worse = ("--by", "agent", "--treatment", "starchat", "--control", "gpt-4")
    plain = call(vault, *worse)
    assert (plain.exit_code, plain.stderr) == (0, "")
    assert "starchat  refuted: does worse than gpt-4" in plain.stdout
    failed = call(vault, *worse, "--fail-on", "refuted")
    assert (failed.exit_code, failed.stderr) == (1, "gate not passed: starchat refuted\n")
    assert call(vault, *worse, "--fail-on", "collecting").exit_code == 1
    better = ("--by", "agent", "--treatment", "gpt-4", "--control", "starchat")
    passed = call(vault, *better, "--fail-on", "collecting")
    assert (passed.exit_code, passed.stderr) == (0, "")


def test_undecided_is_never_passed_off_as_success(vault: Path) -> None:
    tried = [call(vault, "--by", "dataset"), call(vault, "--by", "agent", "--agent", "gpt-4", "--fail-on", "refuted")]
    assert all(result.exit_code == 0 for result in tried)
    assert "which is no proof: nothing was compared" in tried[1].stderr
    alone = call(vault, "--by", "agent", "--agent", "gpt-4", "--fail-on", "collecting", "--json")
    assert alone.exit_code == 1
    assert codec.decode(alone.stdout)["gate"] == {
        "failOn": "collecting",
        "failed": [],
        "passed": False,
        "undecided": [],
    }


def test_json_is_the_whole_answer(vault: Path) -> None:
    answer = codec.decode(call(vault, "--by", "agent", "--control", "gpt-4", "--json").stdout)
    assert (answer["schema"], answer["schemaVersion"], answer["gate"]) == ("soma.gates", 1, None)
    assert {comparison["control"] for comparison in answer["comparisons"]} == {"gpt-4"}


def test_an_arm_cannot_be_held_against_itself(vault: Path) -> None:
    result = call(vault, "--by", "agent", "--treatment", "gpt-4", "--control", "gpt-4")
    assert "name the same arm" in str(result.exception)


@pytest.mark.corpus
def test_models_on_the_same_shell_tasks(corpus: Path, tmp_path: Path) -> None:
    root = VaultRoot(tmp_path / "vault")
    harvest([str(corpus / "intercode-bash")], root, Options(jobs=1))
    found = gates.run(root.snapshot(), "agent", control="gpt-4")
    assert {one.treatment: one.verdict for one in found.comparisons} == {
        "chat-bison-001": "refuted",
        "gpt-3.5": "refuted",
        "starchat": "refuted",
        "text-davinci-003": "collecting",
    }
    last = one(found, "text-davinci-003")
    # Looked at once, 5 % would have been enough; looked at after every run it is not.
    assert last.effect is not None
    assert last.effect.p_value is not None
    assert last.effect.p_value < 0.05
    assert last.interval.low < 0 < last.interval.high
    assert (last.tasks, last.pairs) == (139, 139)
