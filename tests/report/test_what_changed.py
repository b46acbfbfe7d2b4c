"""soma report --diff: worse and better only where the new runs say so, findings and coverage that came and went."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from soma import codec
from soma.errors import UsageError
from soma.synthesizer.html.headline import since
from soma.synthesizer.jobs import report
from soma.synthesizer.jobs.report.changes import Changes, Earlier
from soma.synthesizer.jobs.report.compute import with_changes
from soma.synthesizer.jobs.report.diff import earlier_of
from tests.cli.conftest import Soma, soma  # noqa: F401 - a fixture
from tests.jobs.lake import execution
from tests.jobs.test_report_file import NOW, lake
from tests.jobs.whole import Whole, insight

from .conftest import Nights
from .story import HOSTILE


def runs(agent: str, failed: int, good: int, start: int = 0) -> list[Any]:
    ended = ["failed"] * failed + ["completed"] * good
    return [execution(f"{agent}-{start + n}", agent, status=status) for n, status in enumerate(ended)]


def earlier(vault: Whole) -> Earlier:
    return earlier_of(codec.encode(report.run(vault, now=NOW, version=1)).encode(), "x")


def changes(before: Whole, after: Whole) -> Changes:
    told = with_changes(report.run(after, now=NOW, version=2), earlier(before)).changes
    assert told is not None
    return told


def verdicts(told: Changes) -> dict[str, str]:
    return {each.agent: each.verdict for each in told.agents}


def test_a_clear_turn_is_told_and_a_small_one_is_not() -> None:
    before = Whole([*runs("turned", 2, 40), *runs("same", 2, 40), *runs("mended", 40, 2)])
    after = Whole([*runs("turned", 2, 40), *runs("turned", 20, 2, 100), *runs("same", 2, 40), *runs("same", 1, 9, 100),
                   *runs("mended", 40, 2), *runs("mended", 1, 20, 100)])  # fmt: skip
    told = changes(before, after)
    assert verdicts(told) == {"turned": "worse", "mended": "better", "same": "not told apart"}
    assert (told.worse, told.better) == (1, 1)
    turned = told.agents[0]
    assert turned.effect is not None
    assert turned.effect.interval.low > 0
    assert turned.since is not None
    assert (turned.since.successes, turned.since.total) == (20, 22)
    assert turned.text.startswith("20 of 22 new runs failed, 4.8 % before (2 of 42): +86 points [")


def test_few_new_runs_say_nothing_however_bad_they_are() -> None:
    told = changes(Whole(runs("few", 0, 40)), Whole([*runs("few", 0, 40), *runs("few", 2, 0, 100)]))
    assert verdicts(told) == {"few": "not told apart"}
    assert told.agents[0].effect is None
    assert told.failures[0].failures == 2


def test_many_agents_at_once_are_held_to_the_false_discovery_rate() -> None:
    names = [f"a{n:02}" for n in range(40)]
    before = [run for name in names for run in runs(name, 5, 25)]
    # One of forty turns, so that it would pass alone but not among forty.
    after = [
        *before,
        *(run for name in names for run in runs(name, 5 if name == "a00" else 2, 4 if name == "a00" else 10, 100)),
    ]
    alone = changes(Whole(runs("a00", 5, 25)), Whole([*runs("a00", 5, 25), *runs("a00", 5, 4, 100)]))
    among = changes(Whole(before), Whole(after))
    assert verdicts(alone)["a00"] == "worse"
    assert verdicts(among)["a00"] == "not told apart"


def test_agents_come_and_go_and_an_unchanged_one_is_not_mentioned() -> None:
    told = changes(
        Whole([*runs("stays", 1, 9), *runs("goes", 1, 9)]), Whole([*runs("stays", 1, 9), *runs("comes", 9, 1)])
    )
    assert verdicts(told) == {"comes": "new", "goes": "gone"}
    assert [each.agent for each in told.failures] == ["comes"]


def test_runs_that_are_counted_no_more_make_the_numbers_incomparable() -> None:
    told = changes(Whole(runs("shrunk", 5, 20)), Whole(runs("shrunk", 1, 9)))
    assert verdicts(told) == {"shrunk": "not comparable"}


def test_findings_come_go_and_are_decided() -> None:
    first = Whole(runs("a", 1, 9), insights=[insight("i1", ["a"]), insight("i2", ["a"]), insight("i3", ["a"])])
    second = Whole(runs("a", 1, 9), insights=[insight("i2", ["a"], status="promoted"), insight("i3", ["a"]),
                                              insight("i4", ["a"])])  # fmt: skip
    told = changes(first, second)
    assert [(each.id, each.became) for each in told.findings] == [("i4", "new"), ("i2", "promoted"), ("i1", "gone")]


def test_what_sources_tell_is_compared_cell_by_cell() -> None:
    knowing, blind = ({"cost_usd": cell, "success": "cannot"} for cell in ("known", "missing"))
    told = changes(Whole([execution("e", knows=knowing)]), Whole([execution("e", knows=blind)]))
    assert [(each.field, each.before, each.after) for each in told.coverage] == [("cost_usd", "known", "missing")]


def test_the_same_report_twice_changed_nothing() -> None:
    told = changes(lake(), lake())
    assert (told.agents, told.failures, told.findings, told.coverage) == ([], [], [], [])
    assert told.executions.before == told.executions.after
    made = with_changes(report.run(lake(), now=NOW), earlier(lake()))
    assert since(made) == "no new run, 0 agents worse, 0 agents better, 0 new findings."


def test_a_report_of_an_older_soma_can_be_compared_with() -> None:
    value = msgspec.to_builtins(report.run(lake(), now=NOW, version=1))
    kept = {"schema", "schemaVersion", "generatedAt", "generated", "vaultVersion", "agents", "insights", "sources"}
    old = {key: item for key, item in value.items() if key in kept}
    told = with_changes(report.run(lake(), now=NOW), earlier_of(codec.encode(old).encode(), "x")).changes
    assert told is not None
    assert (told.agents, told.coverage) == ([], [])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "soma.status"}', "\xff", '{"schema": "soma.report"}'])
def test_what_is_no_report_is_refused_with_what_to_name_instead(text: str) -> None:
    with pytest.raises(UsageError, match=r"this is no report of soma"):
        earlier_of(text.encode("latin-1"), "there.json")


def test_the_second_night_tells_who_turned(nights: Nights) -> None:
    told = nights.report["changes"]
    assert told["since"] == "2026-11-28T03:00:00.000Z"
    assert {each["agent"]: each["verdict"] for each in told["agents"]} == {
        "node-runner": "worse", "agent-new": "new", HOSTILE: "not told apart", "poller": "not told apart"
    }  # fmt: skip
    assert told["failures"][0]["agent"] == "node-runner"
    assert told["executions"] == {"before": 72, "after": 168}
    assert (told["unusable"]["before"], told["unusable"]["after"]) == (0, 1)


def test_the_command_takes_an_earlier_report_and_prints_the_schema(
    soma: Soma,  # noqa: F811
    nights: Nights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(nights.folder)
    answer = soma("report", "--diff", str(nights.before), "--json")
    assert answer.code == 0, answer.err
    assert answer.json["changes"]["worse"] == 1
    page = tmp_path / "page.html"
    told = soma("report", "--html", str(page))
    assert told.code == 0, told.err
    assert told.out.replace("\n", "").startswith(f"{page}: 4 agents")
    assert "No earlier report was given" in page.read_text()
    assert sorted(item.name for item in tmp_path.iterdir()) == ["page.html"]
    assert soma("report", "--html", "-").out.startswith("<!DOCTYPE html>")
    assert soma("report", "--html", "-", "--json").code == 2
    assert soma("report", "--schema").json["title"] == "soma-report.json"
    (tmp_path / "other.json").write_text("{}")
    refused = soma("report", "--diff", str(tmp_path / "other.json"))
    assert refused.code == 2
    assert re.search("no report of soma", refused.err)
