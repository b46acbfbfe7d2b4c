"""What each finder finds in worlds whose truth is known, and that it finds nothing where there is nothing."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from soma.model import Execution, NormalizedDecision
from soma.synthesizer.jobs import insights
from soma.synthesizer.jobs.insights import ground as grounds
from soma.synthesizer.jobs.insights.confidence import confidence, of_q_value, of_share
from soma.synthesizer.jobs.insights.discovery import chance_of, discovered
from soma.synthesizer.jobs.insights.finders import FINDERS, bottlenecks, costs, failures, preferences, retries
from soma.synthesizer.jobs.insights.ground import Ground
from soma.synthesizer.jobs.insights.model import Finding
from soma.synthesizer.queries import query
from soma.synthesizer.stats import proportion
from soma.vault import Snapshot, VaultRoot

from . import test_queries
from .lake import Lake, chain, execution
from .made import Walk

QUERIES = [
    (grounds.__package__, "runs", grounds.Run),
    (failures.__package__, "failures", failures.Failure),
    (failures.__package__, "retries", retries.Repeat),
    (failures.__package__, "bottlenecks", bottlenecks.Longest),
    (failures.__package__, "preferences", preferences.Use),
    (failures.__package__, "costs", costs.Repeats),
    ("soma.synthesizer", "walks", Walk),
]


@pytest.mark.parametrize(("package", "name", "row"), QUERIES)
def test_queries_answer_the_fields_of_their_rows_and_read_no_insight(package: str, name: str, row: type) -> None:
    assert tuple(Lake([]).sql(query(package, name)).column_names) == row.__struct_fields__  # type: ignore[attr-defined]
    test_queries.test_only_what_every_engine_reads_alike(package, name)
    assert not re.search(r"insights|proposals|decayed|results", query(package, name))


class World:
    """Executions with their decisions, to be added one by one."""

    def __init__(self) -> None:
        self.executions: list[Execution] = []
        self.decisions: list[NormalizedDecision] = []

    def add(
        self, agent: str, actions: Sequence[str], task: str | None = "t", success: bool | None = None, **more: Any
    ) -> str:
        identity = f"{agent}/{len(self.executions):05}"
        names = {"outcome": "outcome", "error": "error", "arguments_digest": "arguments_digest", "took": "duration_ms"}
        chained = {column: more.pop(name) for name, column in names.items() if name in more}
        self.executions.append(execution(identity, agent, task_id=task, success=success, **more))
        self.decisions += chain(identity, actions, agent, **{"outcome": "ok", "role": "shell"} | chained)
        return identity

    def lake(self, threads: int = 1) -> Lake:
        return Lake(self.executions, self.decisions, threads)

    def find(self, kind: str) -> list[Finding]:
        return list(FINDERS[kind](Ground(self.lake())))


def found(findings: Sequence[Finding]) -> Finding:
    (only,) = findings
    assert 0 < only.confidence <= 1
    assert 0 < len(only.evidence) <= 20
    assert not re.search("[0-9]{2}", only.subject)
    return only


def test_a_pair_that_parts_tells_the_choice_it_is_for_and_the_one_it_is_against() -> None:
    world = World()
    for number in range(80):
        task = f"task {number % 4}"
        world.add("better", ["exec:ls", "exec:himalaya", "message"], task, number % 10 != 0)
        node = number % 10 != 0
        world.add(
            "worse", ["exec:ls", "exec:node" if node else "exec:himalaya", "message"], task, not node or number % 3 == 0
        )
    only = found(world.find("divergence"))
    assert only.agents == ("better", "worse")
    assert only.tasks == ("task 0", "task 1", "task 2", "task 3")
    assert (only.prefers, only.avoids) == ("exec:ls > exec:himalaya", "exec:ls > exec:node")
    assert only.evidence[0].startswith("worse/")
    assert only.at_stake == only.estimate


def test_a_pair_whose_paths_do_not_part_has_runs_that_failed_as_evidence() -> None:
    world = World()
    failed = set()
    for number in range(60):
        task = f"task {number % 3}"
        world.add("better", ["exec:ls", "message"], task, number % 10 != 0)
        execution_id = world.add("worse", ["exec:ls", "message"], task, number % 10 < 3)
        if number % 10 >= 3:
            failed.add(execution_id)
    only = found(world.find("divergence"))
    assert (only.prefers, only.avoids) == ("", "")
    assert set(only.evidence) <= failed
    assert len(only.evidence) == 20


def test_errors_that_say_the_same_are_one_finding_with_what_they_cost() -> None:
    world = World()
    for number in range(60):
        hit = number % 3 == 0
        world.add(
            "clerk", ["exec:ls", "exec:cat"], f"task {number % 4}", not hit, outcome=["ok", "failed" if hit else "ok"],
            error=[None, f"cat: /srv/{number}/a.txt: No such file or directory" if hit else None],
        )  # fmt: skip
    only = found(world.find("failure cluster"))
    assert (only.agents, only.support, only.estimate) == (("clerk",), 60, 20 / 60)
    assert (
        "No such file or directory” comes up in 20 of 60 runs (33.3 % [22.7, 45.9]) of clerk, in exec:cat" in only.claim
    )
    assert "0.0 % of these achieve their task, 100.0 % of other runs of the same agent and task" in only.claim
    assert only.at_stake == -1
    assert all(one.endswith("/1") for one in only.evidence)
    assert only.tasks == tuple(f"task {number}" for number in range(4))


def test_an_error_without_a_message_is_told_by_its_action_and_a_rare_one_not_at_all() -> None:
    world = World()
    for number in range(100):
        outcome = "timeout" if number < 40 else "failed" if number < 44 else "ok"
        world.add("clerk", ["exec:node"], outcome=outcome, error="disk full" if outcome == "failed" else None)
    assert found(world.find("failure cluster")).claim.startswith("exec:node times out without a message in 40 of 100")


def test_repeats_count_only_the_same_call_right_after_it_failed() -> None:
    world = World()
    for number in range(40):
        if number < 10:
            digests, outcomes = ["x", "x", "x"], ["failed", "failed", "ok" if number == 0 else "failed"]
        elif number < 20:
            digests, outcomes = ["x", "y", "x"], ["failed", "failed", "failed"]
        else:
            digests, outcomes = ["x", "x", "x"], ["ok", "ok", "failed"]
        world.add("clerk", ["exec:curl"] * 3, outcome=outcomes, arguments_digest=digests)
    only = found(world.find("retries"))
    assert "again unchanged in 10 of 40 runs (25.0 % [14.2, 40.2]), 20 times in all, up to 2 times" in only.claim
    assert "It helped in 1 of 10 runs (10.0 %" in only.claim
    assert only.evidence[0] == "clerk/00000/1"


def test_calls_whose_arguments_are_not_known_are_not_called_repeats() -> None:
    world = World()
    for _ in range(40):
        world.add("clerk", ["exec:curl"] * 3, outcome="failed")
    assert world.find("retries") == []


def test_the_longest_action_of_most_runs_is_a_bottleneck_where_it_takes_a_second() -> None:
    for milliseconds, many in ((2000.0, 1), (200.0, 0)):
        world = World()
        for number in range(20):
            slow, quick = (milliseconds, milliseconds / 4) if number < 18 else (10.0, 20.0)
            world.add("clerk", ["exec:node", "exec:ls"], took=[slow, quick])
        assert len(world.find("bottleneck")) == many
    world = World()
    for number in range(20):
        world.add("clerk", ["exec:node", "exec:ls"], took=[2000.0, 500.0] if number < 18 else [10.0, 20.0])
    only = found(world.find("bottleneck"))
    assert only.subject == "clerk | exec:node"
    assert "18 of 20 runs (90.0 %" in only.claim
    assert "2.0 s (median), 80.0 % of the time" in only.claim


def test_half_of_the_runs_or_runs_with_a_single_action_make_no_bottleneck() -> None:
    world = World()
    for number in range(40):
        world.add("even", ["exec:node", "exec:ls"], took=[2000.0, 3000.0] if number % 2 else [3000.0, 2000.0])
        world.add("single", ["exec:node"], took=3000.0)
    assert world.find("bottleneck") == []


def test_agents_with_another_program_for_the_same_tasks_are_told_with_what_goes_with_it() -> None:
    world = World()
    for number in range(30):
        task = f"task {number % 3}"
        world.add("one", ["exec:himalaya", "exec:himalaya", "exec:ls"], task, number % 10 != 0)
        world.add("two", ["exec:node", "exec:node", "exec:ls"], task, number % 10 < 4)
        world.add("elsewhere", ["exec:perl"], "another task", True)
    only = found(world.find("tool preference"))
    assert only.subject == "shell | exec:himalaya | exec:node"
    assert (only.agents, only.estimate) == (("one", "two"), 1.0)
    assert (only.prefers, only.avoids) == ("shell: exec:himalaya", "shell: exec:node")
    assert only.at_stake == pytest.approx(0.5)
    assert "90.0 % of runs with exec:himalaya achieve their task, 40.0 % of those with exec:node" in only.claim


def test_names_of_tools_of_two_frameworks_are_no_preference() -> None:
    for second, many in (("generic", 1), ("another", 0)):
        world = World()
        for _ in range(20):
            world.add("one", ["Grep"], framework="generic")
            world.add("two", ["search"], framework=second)
        world.decisions = [NormalizedDecision(**{**_fields(row), "role": "search"}) for row in world.decisions]
        assert len(world.find("tool preference")) == many


def _fields(row: NormalizedDecision) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__struct_fields__}


def test_delegations_are_told_with_depth_and_how_the_delegated_runs_end() -> None:
    world = World()
    for number in range(20):
        top = world.add("lead", ["delegate:scout"], f"task {number}")
        if number < 12:
            middle = world.add("scout", ["exec:ls"], "look", number % 4 != 0, parent_execution_id=top)
            if number < 10:
                world.add("helper", ["exec:ls"], None, status="completed", parent_execution_id=middle)
        world.add("scout", ["exec:ls"], "look", True)
    findings = {finding.subject: finding for finding in world.find("delegation")}
    assert set(findings) == {"lead > scout", "scout > helper"}
    assert "12 of 20 runs (60.0 %" in findings["lead > scout"].claim
    assert (
        "75.0 % of the delegated runs achieve their task, 100.0 % of its other runs" in findings["lead > scout"].claim
    )
    assert "up to 2 delegations deep" in findings["scout > helper"].claim
    assert "10 of 10 runs" in findings["scout > helper"].claim
    assert "no other runs of the same task" in findings["scout > helper"].claim


def test_parents_in_a_circle_end_somewhere() -> None:
    runs = {name: grounds.Run(name, parent, "a", "g", None, None, "", None, None, None, None)
            for name, parent in (("1", "2"), ("2", "1"), ("3", "3"), ("4", "gone"))}  # fmt: skip
    from soma.synthesizer.jobs.insights.finders.delegations import depths

    assert max(depths(runs).values()) <= 1
    assert set(depths(runs)) == set(runs)


def test_runs_far_dearer_than_others_of_the_task_are_told_with_what_they_share() -> None:
    generator = random.Random("costs")
    world = World()
    for number in range(80):
        dear = number % 5 == 0
        cost = 0.05 * generator.lognormvariate(0, 0.1) * (20 if dear else 1)
        path = ["exec:ls", *["exec:curl"] * (6 if dear else 1)]
        world.add("clerk", path, f"task {number % 2}", cost_usd=cost)
        world.add("other", ["exec:ls"], f"task {number % 2}", cost_usd=0.05 * generator.lognormvariate(0, 0.1))
    only = found(world.find("cost outlier"))
    assert (only.agents, only.support) == (("clerk",), 80)
    assert only.claim.startswith("16 of 80 runs (20.0 % [12.7, 30.0]) of clerk cost far more than its other runs")
    assert "100.0 % of them repeat one action at least 3 times in a row, 0.0 % of the others" in only.claim
    assert only.tasks == ("task 0", "task 1")


def test_the_fence_is_tukeys_on_logarithms_and_lets_35_of_10000_lognormal_values_pass() -> None:
    assert costs.upper_fence([2.0] * 10) is None
    assert costs.upper_fence([1, 10, 100, 1000, 10000]) == pytest.approx(10 ** (3 + 1.5 * 2))
    generator = random.Random("fence")
    values = [generator.lognormvariate(3, 2) for _ in range(100_000)]
    fence = costs.upper_fence(values)
    assert fence is not None
    # Three standard errors of a share of 0.00349 among 100,000.
    assert sum(value > fence for value in values) / len(values) == pytest.approx(0.00349, abs=3 * 0.00019)


def test_a_change_of_outcome_is_a_drift_finding() -> None:
    world = World()
    day = 24 * 3600 * 1_000_000
    for number in range(160):
        good = number % 10 != 0 if number < 80 else number % 5 == 0
        world.add("clerk", ["exec:ls"], "t", good, started_at=1_700_000_000_000_000 + number * day // 4)
    only = found(world.find("drift"))
    assert only.subject == "clerk | outcome"
    assert only.at_stake is not None
    assert only.at_stake < -0.5
    assert re.match(r"Since \d+ \w+ 2023 \d\d:\d\d clerk achieves its task less often: .* before, .* after", only.claim)


def test_a_beginning_that_leads_to_failure_is_found_once_per_agent() -> None:
    world = World()
    for number in range(60):
        bad = number % 2 == 0
        world.add("clerk", ["exec:node" if bad else "exec:himalaya", "exec:ls"], f"task {number % 3}", not bad)
    only = found(world.find("failure prefix"))
    assert only.subject == "clerk | exec:node"
    assert only.avoids == "exec:node"
    assert only.tasks == ("task 0", "task 1", "task 2")
    assert only.evidence[:2] == ("clerk/00000", "clerk/00002")
    assert "Of 30 runs of clerk that begin with exec:node 0.0 % achieve their task, of 30 that begin" in only.claim


def test_a_kind_of_runs_that_ends_worse_on_the_same_tasks_is_found() -> None:
    world = World()
    for number in range(60):
        task = f"task {number % 3}"
        world.add("one", ["read", "edit", "exec:pytest"], task, number % 10 != 0)
        world.add("two", ["exec:ls", "exec:cat", "exec:sed"], task, number % 10 < 3)
    findings = {finding.subject: finding for finding in world.find("archetype")}
    assert set(findings) == {"read → edit → exec:pytest", "exec:ls → exec:cat → exec:sed"}
    assert findings["exec:ls → exec:cat → exec:sed"].estimate == pytest.approx(-0.6)
    assert " end worse than others: 30.0 % of these achieve their task, 90.0 %" in (
        findings["exec:ls → exec:cat → exec:sed"].claim
    )


def noise(seed: int, agents: int = 6, runs: int = 40) -> World:
    """Agents that are all alike: whatever is found beyond the shares that are always there is a false alarm."""
    generator = random.Random(f"noise {seed}")
    world = World()
    for agent in range(agents):
        for number in range(runs):
            steps = generator.choices(["exec:ls", "exec:cat", "exec:sed", "read", "edit"], k=4)
            bad = [generator.random() < 0.01 for _ in steps]
            world.add(
                f"agent-{'abcdefghij'[agent]}", steps, f"task {number % 4}", generator.random() < 0.6,
                outcome=["failed" if one else "ok" for one in bad],
                error=["no space left on device" if one else None for one in bad],
                arguments_digest=[generator.choice("uvwxyz") for _ in steps],
                took=[generator.lognormvariate(8, 1) for _ in steps],
                cost_usd=generator.lognormvariate(0, 1), duration_ms=generator.lognormvariate(9, 1),
                started_at=1_700_000_000_000_000 + number * 3_600_000_000,
            )  # fmt: skip
    return world


def test_where_all_agents_are_alike_hardly_anything_is_found() -> None:
    worlds = 20
    alarms = dict.fromkeys(FINDERS, 0)
    for seed in range(worlds):
        ground = Ground(noise(seed).lake())
        for kind, finder in FINDERS.items():
            alarms[kind] += bool(finder(ground))
    # At most 1 world in 20 may raise an alarm; with chance 0.05 more than 4 of 20 do in less than 3 of 1,000 cases.
    assert max(alarms.values()) <= 4, alarms


@pytest.mark.slow
def test_over_many_worlds_of_agents_that_are_alike_no_finder_raises_more_than_its_alarms() -> None:
    worlds = 300
    alarms = dict.fromkeys(FINDERS, 0)
    for seed in range(1000, 1000 + worlds):
        ground = Ground(noise(seed).lake())
        for kind, finder in FINDERS.items():
            alarms[kind] += bool(finder(ground))
    # Three standard errors above 5 %.
    assert max(alarms.values()) / worlds <= 0.05 + 3 * (0.05 * 0.95 / worlds) ** 0.5, alarms


@pytest.mark.parametrize(("rate", "against", "rivals"), [(0.05, 0.05, 1), (0.02, 0.05, 1), (0.5, 0.5, 2)])
@pytest.mark.parametrize("runs", [15, 40, 150])
def test_shares_that_are_nothing_are_proposed_in_no_more_than_one_world_in_twenty(
    rate: float, against: float, rivals: int, runs: int
) -> None:
    generator = random.Random(f"shares {rate} {runs}")
    worlds, alarms, least = 1000, 0, grounds.LEAST
    for _ in range(worlds):
        hits = [sum(generator.random() < rate for _ in range(runs)) for _ in range(10)]
        largest = [max(many, runs - many) if rivals == 2 else many for many in hits]
        shares = [proportion(many, runs) for many in largest if many >= least]
        alarms += bool(discovered(shares, [chance_of(one, against, least=least, rivals=rivals) for one in shares]))
    # Three standard errors above 5 %.
    assert alarms / worlds <= 0.05 + 3 * (0.05 * 0.95 / worlds) ** 0.5


def test_leaving_out_what_few_runs_show_without_saying_so_would_raise_more_alarms() -> None:
    generator = random.Random("selection")
    worlds, alarms, least = 1000, 0, grounds.LEAST
    for _ in range(worlds):
        hits = [sum(generator.random() < 0.05 for _ in range(40)) for _ in range(10)]
        shares = [proportion(many, 40) for many in hits if many >= least]
        alarms += bool(discovered(shares, [chance_of(one, 0.05) for one in shares]))
    assert alarms / worlds > 0.2


def test_the_chance_of_a_share_is_the_binomial_tail() -> None:
    from scipy.stats import binomtest

    for successes, total in ((0, 5), (1, 5), (5, 5), (12, 40), (400, 1000)):
        expected = binomtest(successes, total, 0.3, alternative="greater").pvalue
        assert chance_of(proportion(successes, total), 0.3) == pytest.approx(expected, abs=1e-12)
    given = binomtest(5, 40, 0.3, alternative="greater").pvalue
    tail = binomtest(12, 40, 0.3, alternative="greater").pvalue
    assert chance_of(proportion(12, 40), 0.3, least=5, rivals=2) == pytest.approx(min(1, 2 * tail / given), abs=1e-12)
    assert chance_of(proportion(4, 40), 0.3, least=5) == 1


def test_confidence_grows_with_support_and_is_none_where_nothing_is_shown() -> None:
    assert confidence(0.1, -0.05, 0.25, 100) == 0
    assert 0 < confidence(0.3, 0.1, 0.5, 10) < confidence(0.3, 0.1, 0.5, 100) < 1
    assert confidence(0.3, 0.3, 0.3, 90) == 0.9
    assert of_share(proportion(1, 40), against=0.05) == 0
    assert of_share(proportion(0, 0), against=0.05) == 0
    assert of_q_value(0.01, 90) == pytest.approx(0.891)
    assert of_q_value(1.5, 90) == of_q_value(0.01, 0) == 0


def whole() -> World:
    """A world in which several finders find something."""
    world = noise(1, agents=3)
    for number in range(40):
        task = f"task {number % 4}"
        parent = world.add("lead", ["delegate:slow", "exec:cat"], task, True, cost_usd=1.0 + number)
        world.add(
            "slow", ["exec:node", "exec:node", "exec:ls"], task, number % 10 < 3, outcome=["failed", "failed", "ok"],
            error=[f"error: port {number} is taken"] * 2 + [None], arguments_digest=["x", "x", "y"],
            took=[5000.0, 7000.0, 3.0],
        )  # fmt: skip
        world.add("fast", ["exec:himalaya", "exec:himalaya", "exec:ls"], task, number % 10 < 9)
        if number % 2:
            world.add("slow", ["exec:ls"], task, None, parent_execution_id=parent)
    return world


def test_findings_do_not_depend_on_threads_or_on_the_order_of_rows() -> None:
    world = whole()
    first = insights.find(world.lake(threads=1))
    assert len({finding.type for finding in first.findings}) >= 6
    assert len({(finding.type, finding.subject) for finding in first.findings}) == len(first.findings)
    random.Random("rows").shuffle(world.executions)
    random.Random("more").shuffle(world.decisions)
    assert insights.find(world.lake(threads=4)) == first


def test_abandoned_branches_are_no_evidence() -> None:
    world = World()
    for _ in range(40):
        world.add(
            "clerk", ["exec:curl"] * 3, outcome="failed", error="it broke", arguments_digest="x",
            labels={"branch": "abandoned"},
        )  # fmt: skip
    assert insights.find(world.lake()).findings == ()


@pytest.fixture(scope="module")
def snapshot(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    from soma.harvester.harvest import Options, harvest

    root = VaultRoot(tmp_path_factory.mktemp("insights") / "vault")
    harvest([str(fixtures / "generic" / "intercode")], root, Options(jobs=1))
    return root.snapshot()


def test_repeats_of_real_agents_are_those_counted_decision_by_decision(snapshot: Snapshot) -> None:
    rows = snapshot.sql(
        "SELECT execution_id, agent_id, action, arguments_digest, outcome, kind FROM decisions "
        "ORDER BY execution_id, step, decision_id"
    ).to_pylist()
    runs: dict[str, set[str]] = {}
    repeats: dict[str, int] = {}
    before: dict[str, Any] = {}
    for row in (row for row in rows if row["kind"] not in ("failure", "guard")):
        same = all(before.get(key) == row[key] for key in ("execution_id", "action", "arguments_digest"))
        if same and row["arguments_digest"] and before["outcome"] in ("failed", "timeout"):
            runs.setdefault(row["agent_id"], set()).add(row["execution_id"])
            repeats[row["agent_id"]] = repeats.get(row["agent_id"], 0) + 1
        before = row
    (only,) = retries.find(Ground(snapshot))
    assert only.subject == "starchat"
    assert f"in {len(runs['starchat'])} of 87 runs" in only.claim
    assert f"{repeats['starchat']} times in all" in only.claim


def test_error_clusters_of_real_agents_are_those_counted_text_by_text(snapshot: Snapshot) -> None:
    rows = snapshot.sql("SELECT execution_id, agent_id, error FROM decisions WHERE outcome = 'failed'").to_pylist()
    named = {row["execution_id"] for row in rows if row["error"] == "Malformed command"}
    malformed = next(one for one in failures.find(Ground(snapshot)) if one.subject == "malformed command")
    agents = {row["execution_id"]: row["agent_id"] for row in rows}
    own = [execution for execution in named if agents[execution] in malformed.agents]
    assert f"comes up in {len(own)} of {malformed.support} runs" in malformed.claim
    assert malformed.estimate == len(own) / malformed.support
