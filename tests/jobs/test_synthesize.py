"""The nightly run over real traces: what the first one keeps, what the next ones change, and what they leave alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from soma import codec
from soma.config import TaskRule
from soma.errors import VaultMissing
from soma.governance.decide import promote
from soma.governance.offer import Terms
from soma.synthesizer.jobs import briefing, divergence, insights
from soma.synthesizer.jobs.insights.finders import FINDERS
from soma.synthesizer.jobs.insights.ground import Ground
from soma.synthesizer.jobs.insights.model import DAY, DECAY_DAYS
from soma.synthesizer.kept import Keeping
from soma.synthesizer.synthesis_page import render
from soma.synthesizer.synthesize import JOBS, synthesize
from soma.vault import Snapshot, VaultRoot
from soma.vault.derived import add_missing_paths
from soma.vault.memory import limit_memory
from soma.vault.writer import Changes

from .whole import said, shown

NOW = 20_000 * DAY


def harvested(root: VaultRoot, *folders: Path) -> None:
    from soma.harvester.harvest import Options, harvest

    harvest([str(folder) for folder in folders], root, Options(jobs=1))


@pytest.fixture(scope="module")
def made(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with traces of two agents and their vault, over which the jobs ran once."""
    place = tmp_path_factory.mktemp("synthesize")
    for agent in ("gpt-4", "starchat"):
        shutil.copytree(fixtures / "generic" / "intercode" / agent, place / "traces" / agent)
    root = VaultRoot(place / "vault")
    harvested(root, place / "traces")
    synthesize(root, now=NOW)
    return place


@pytest.fixture
def root(made: Path, tmp_path: Path) -> VaultRoot:
    """A copy of that vault, to be changed."""
    shutil.copytree(made / "vault", tmp_path / "vault")
    return VaultRoot(tmp_path / "vault")


def rows(snapshot: Snapshot, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = snapshot.sql(f"SELECT * FROM {table} ORDER BY ALL").to_pylist()
    return found


def test_paths_of_a_big_vault_are_stored_some_readings_at_a_time(fixtures: Path, tmp_path: Path) -> None:
    root = VaultRoot(tmp_path / "vault")
    for folder in ("agentflow", "claude-code", "langchain"):
        harvested(root, fixtures / folder)
    expected = rows(root.snapshot(), "paths")
    commits, more = [], True
    while more:
        changes = Changes()
        with root.writer() as writer:
            added, more = add_missing_paths(root.snapshot(), changes, together=20)
            writer.commit(changes, role="synthesizer")
        commits.append(added)
    snapshot = root.snapshot()
    assert len(commits) > 4 and 0 not in commits
    assert sum(commits) == len(rows(snapshot, "visible")) == len(rows(snapshot, "paths_stored"))
    assert rows(snapshot, "paths") == expected


def test_the_first_run_keeps_answers_and_proposes_what_it_finds(made: Path) -> None:
    snapshot = VaultRoot(made / "vault").snapshot()
    proposals = insights.known(snapshot)
    assert {item.type for item in proposals} >= {"divergence", "retries", "failure cluster"}
    assert {(item.status, item.nights, item.first_seen_at) for item in proposals} == {("pending", 1, NOW)}
    found = insights.find(snapshot).findings
    assert {item.subject for item in proposals} == {finding.subject for finding in found}
    assert {row["job"] for row in rows(snapshot, "results")} >= {"divergence", "insights"}
    assert snapshot.sql("SELECT count(*) AS n FROM paths_stored")["n"][0].as_py() > 100


def test_evidence_is_to_be_found_in_the_vault(made: Path) -> None:
    snapshot = VaultRoot(made / "vault").snapshot()
    known = {row["execution_id"] for row in rows(snapshot, "executions")}
    known |= {row["decision_id"] for row in rows(snapshot, "decisions")}
    for item in insights.known(snapshot):
        assert set(item.evidence) <= known, item.type


def test_a_second_run_with_nothing_new_runs_no_job_and_changes_nothing(root: VaultRoot) -> None:
    before = {table: rows(root.snapshot(), table) for table in ("proposals", "results", "decayed")}
    told: list[str] = []
    again = synthesize(root, now=NOW + DAY, told=told.append)
    assert (again.nothing_new, again.jobs, again.paths, told) == (True, (), 0, [])
    assert (again.found, again.confirmed, again.decayed) == (0, 0, 0)
    assert {table: rows(root.snapshot(), table) for table in before} == before
    assert "Nothing new" in said(shown(render(again)))


def test_after_a_new_harvest_findings_are_updated_under_their_ids(root: VaultRoot, fixtures: Path) -> None:
    before = {item.insight_id: item for item in insights.known(root.snapshot())}
    harvested(root, fixtures / "generic" / "intercode" / "gpt-3.5")
    result = synthesize(root, now=NOW + DAY)
    after = {item.insight_id: item for item in insights.known(root.snapshot())}
    again = {identity for identity in before if after[identity].seen_at == NOW + DAY}
    assert (result.nothing_new, result.paths) == (False, 27)
    assert [job.job for job in result.jobs] == list(JOBS)
    assert result.confirmed == len(again) > 0
    assert result.found == len(after.keys() - before.keys())
    assert result.unconfirmed == len(before.keys() - again)
    assert {after[identity].nights for identity in again} == {2}
    assert {after[identity].first_seen_at for identity in again} == {NOW}
    assert f"{result.confirmed} found again" in said(shown(render(result)))


def test_harvests_in_two_nights_find_what_one_harvest_finds(root: VaultRoot, made: Path, fixtures: Path) -> None:
    late = fixtures / "generic" / "intercode" / "gpt-3.5"
    harvested(root, late)
    synthesize(root, now=NOW + DAY)
    at_once = VaultRoot(root.path.parent / "at-once")
    harvested(at_once, made / "traces", late)
    synthesize(at_once, now=NOW + DAY)
    assert insights.find(root.snapshot()) == insights.find(at_once.snapshot())


def test_findings_are_the_same_whether_or_not_proposals_lie_in_the_vault(made: Path, root: VaultRoot) -> None:
    fresh = VaultRoot(root.path.parent / "fresh")
    harvested(fresh, made / "traces")
    with_proposals, without = root.snapshot(), fresh.snapshot()
    assert rows(with_proposals, "proposals")
    assert not rows(without, "proposals")
    for kind, finder in FINDERS.items():
        assert finder(Ground(with_proposals)) == finder(Ground(without)), kind


def test_another_rule_about_tasks_makes_the_jobs_run_again(root: VaultRoot) -> None:
    rules = [TaskRule(comparable=False, agent="starchat")]
    result = synthesize(root, now=NOW + DAY, task_rules=rules)
    assert not result.nothing_new
    snapshot = root.snapshot()
    seen = {item.type: item.seen_at for item in insights.known(snapshot)}
    assert seen["divergence"] == NOW
    assert seen["retries"] == NOW + DAY
    snapshot.task_rules = tuple(rules)
    assert insights.run(snapshot).up_to_date
    assert synthesize(root, now=NOW + DAY, task_rules=rules).nothing_new
    assert not synthesize(root, now=NOW + DAY).nothing_new


def test_what_is_not_found_again_decays_to_the_archive(root: VaultRoot) -> None:
    rules = [TaskRule(comparable=False, agent="starchat")]
    total = len(insights.known(root.snapshot()))
    first = synthesize(root, now=NOW + DAY, task_rules=rules)
    assert 0 < first.unconfirmed < total
    last = synthesize(root, now=NOW + DECAY_DAYS * DAY, task_rules=rules)
    assert (last.nothing_new, last.decayed, last.unconfirmed) == (
        True,
        first.unconfirmed,
        first.confirmed + first.found,
    )
    snapshot = root.snapshot()
    gone = rows(snapshot, "decayed")
    assert {(row["decayed_from"], row["status"]) for row in gone} == {("emerging", "decayed")}
    assert len(gone) == last.decayed
    assert not {row["insight_id"] for row in gone} & {item.insight_id for item in insights.known(snapshot)}
    assert insights.run(snapshot).decayed == last.decayed
    # Once only: the next night finds nothing to move.
    assert synthesize(root, now=NOW + DECAY_DAYS * DAY + 1, task_rules=rules).decayed == 0


def test_a_decided_finding_is_left_alone(root: VaultRoot, fixtures: Path) -> None:
    retries = next(item for item in insights.known(root.snapshot()) if item.type == "retries")
    promote(root, retries.insight_id, Terms(), actor="Ada Lovelace", now=NOW)
    harvested(root, fixtures / "generic" / "intercode" / "gpt-3.5")
    synthesize(root, now=NOW + 200 * DAY)
    kept = next(item for item in insights.known(root.snapshot()) if item.insight_id == retries.insight_id)
    assert kept == msgspec.structs.replace(retries, status="promoted")


def test_two_at_once_keep_each_path_once(made: Path, tmp_path: Path) -> None:
    root = VaultRoot(tmp_path / "vault")
    harvested(root, made / "traces")
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: synthesize(root, now=NOW), range(2)))
    snapshot = root.snapshot()
    (row,) = snapshot.sql("SELECT count(*) AS rows, count(DISTINCT execution_id) AS runs FROM paths_stored").to_pylist()
    assert row["rows"] == row["runs"] == done[0].executions
    assert sum(each.paths for each in done) == row["runs"]
    assert len(insights.known(snapshot)) == len({item.insight_id for item in insights.known(snapshot)})


def test_kept_answers_are_those_that_are_computed(root: VaultRoot) -> None:
    kept = divergence.run(root.snapshot())
    with_rules = root.snapshot()
    with_rules.task_rules = (TaskRule(comparable=False, agent="nobody"),)
    assert divergence.run(with_rules) == kept
    assert rows(with_rules, "results")


def test_the_answer_can_be_asked_by_agent_and_type(made: Path) -> None:
    snapshot = VaultRoot(made / "vault").snapshot()
    everything = insights.run(snapshot)
    assert everything.synthesized
    assert everything.up_to_date
    assert everything.total == len(everything.insights) == sum(everything.by_type.values())
    own = insights.run(snapshot, agent="gpt-4")
    assert {item.insight_id for item in own.insights} == {
        item.insight_id for item in everything.insights if "gpt-4" in item.agents
    }
    assert set(insights.run(snapshot, kind="retries").by_type) == {"retries"}
    assert len(insights.run(snapshot, limit=1).insights) == 1


def test_the_sure_ones_come_first_and_of_these_what_costs_most_success(made: Path) -> None:
    items = insights.run(VaultRoot(made / "vault").snapshot()).insights
    bands = ["sure" if one.confidence >= 0.9 else "likely" if one.confidence >= 0.6 else "weak" for one in items]
    assert bands == sorted(bands, key=["sure", "likely", "weak"].index)
    at_stake = [abs(codec.decode(one.details).get("at_stake", 0.0)) for one in items]
    for band in set(bands):
        own = [value for value, of in zip(at_stake, bands, strict=True) if of == band]
        assert own == sorted(own, reverse=True)


_DIGEST = """
import sys
from pathlib import Path
from soma import codec
from soma.synthesizer.jobs import insights
from soma.synthesizer.jobs.insights.finders import FINDERS
from soma.synthesizer.jobs.insights.ground import Ground
from soma.vault import VaultRoot
ground = Ground(VaultRoot(Path(sys.argv[1])).snapshot())
sys.stdout.write(codec.encode({kind: find(ground) for kind, find in FINDERS.items()}))
"""


def test_hash_seed_and_time_zone_change_no_byte_of_the_findings(made: Path) -> None:
    outputs = set()
    for seed, zone in (("0", "UTC"), ("1", "Asia/Tokyo")):
        settings = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}
        done = subprocess.run(
            [sys.executable, "-c", _DIGEST, str(made / "vault")], env=settings, capture_output=True, check=True
        )
        outputs.add(done.stdout)
    assert len(outputs) == 1
    assert b"makes a failed call again" in outputs.pop()


def test_without_a_harvest_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    with pytest.raises(VaultMissing):
        synthesize(VaultRoot(tmp_path / "vault"), now=NOW)


def test_a_briefing_the_night_kept_is_the_one_that_is_made_for_whoever_asks(made: Path) -> None:
    snapshot = VaultRoot(made / "vault").snapshot()
    night = Keeping(snapshot)
    briefing.keep(night, least=0)
    kept = {asked: answer for (job, asked), answer in night.answers.items() if job == "briefing"}
    assert len(kept) == 2
    for answer in kept.values():
        agent = answer.agent.agent_id
        again = msgspec.json.decode(codec.encode(answer), type=type(answer))
        assert again == answer, "what is kept comes back as it was"
        # The night reads once for all agents and compares each pair once; the answer must not show it.
        fresh = briefing.run(snapshot, agent)
        assert briefing.run(night, agent) == fresh
        assert fresh.insights and fresh.reasons[: len(answer.reasons)] == answer.reasons


def test_a_small_vault_keeps_no_briefings(made: Path) -> None:
    kept = {row["job"] for row in rows(VaultRoot(made / "vault").snapshot(), "results")}
    assert "health" in kept and "briefing" not in kept


def test_queries_take_no_more_memory_than_is_set(made: Path) -> None:
    limit_memory("300MB")
    try:
        told = VaultRoot(made / "vault").snapshot().rows("SELECT current_setting('memory_limit')")
    finally:
        limit_memory(None)
    assert told == [("286.1 MiB",)]
