"""What each condition hits: by example, and against a reading of its definition that looks at the whole history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from time import process_time
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soma import clock, codec
from soma.errors import ConfigError
from soma.governance.policy import (
    FAILED,
    Action,
    Bottleneck,
    Call,
    Conformance,
    Count,
    Depth,
    Facts,
    FailureRate,
    InMode,
    Policy,
    Prefix,
    Pressure,
    Rate,
    Result,
    Scope,
    Sequence,
    Step,
    Watch,
    policy_of,
    read_policies,
)
from soma.model import NormalizedDecision

from .calls import call, hits, policy, run


def test_an_action_is_hit_by_name_role_or_arguments() -> None:
    decisions = [call(0, "exec:rm", arguments='{"cmd":"rm -rf /"}'), call(1, "exec:rm_2"), call(2, "read", role="read")]
    assert hits(policy(Action(call=Call(action=("exec:*",)))), decisions) == [0, 1]
    assert hits(policy(Action(call=Call(action=("exec:rm",)))), decisions) == [0, 1]
    assert hits(policy(Action(call=Call(arguments=("*rm -rf*",)))), decisions) == [0]
    assert hits(policy(Action(call=Call(role=("read", "search")))), decisions) == [2]


def test_after_a_call_fails_twice_the_same_call_again_is_hit() -> None:
    rule = policy(
        Sequence(after=(Step(action=("exec:node",), outcome=FAILED, times=2),), then=Call(action=("exec:node",)))
    )
    assert hits(rule, run("exec:node failed", "read", "exec:node timeout", "read", "exec:node", "exec:node")) == [4, 5]
    assert hits(rule, run("exec:node failed", "exec:node", "exec:node")) == []


def test_the_very_same_call_again_right_after_it_failed() -> None:
    rule = policy(Sequence(after=(Step(outcome=FAILED),), consecutive=True, same="call"))
    again = [call(0, "a", "failed"), call(1, "a", "failed", arguments_digest="d2"), call(2, "a", arguments_digest="d2")]
    assert hits(rule, again) == [2]
    assert hits(rule, [call(0, "a", "failed", arguments_digest=None), call(1, "a", arguments_digest=None)]) == []
    assert hits(rule, run("a failed", "b", "a")) == []


def test_a_loop_is_one_action_many_times_in_a_row() -> None:
    rule = policy(Sequence(after=(Step(times=3),), consecutive=True, same="action"))
    assert hits(rule, run("a", "a_2", "a", "a", "b", "a")) == [3]


def test_a_count_in_a_window_of_calls_or_seconds() -> None:
    failing = Result(outcome=FAILED)
    decisions = run("a failed", "a", "a failed", "a", "a", "a")
    assert hits(policy(Count(of=failing, least=2)), decisions) == [3, 4, 5]
    assert hits(policy(Count(of=failing, least=2, last=3)), decisions) == [3]
    timed = [call(step, "a", "failed", started_at=started) for step, started in enumerate((10, 4_000_000, 9_000_000))]
    assert hits(policy(Count(of=failing, least=1, seconds=4.5)), timed) == [1]
    assert hits(policy(Count(of=failing, least=1, seconds=9)), run("a failed", "a")) == []
    slow = [call(0, "a", duration_ms=31_000.0), call(1, "a"), call(2, "a", duration_ms=None)]
    assert hits(policy(Count(of=Result(slower_ms=30_000), least=1, last=1)), slow) == [1]


def test_a_rate_is_judged_once_there_are_enough_calls() -> None:
    decisions = run("a failed", "a failed", "a", "a", "a")
    assert hits(policy(Rate(of=Result(outcome=FAILED), rate=0.5, last=4)), decisions) == [4]
    assert hits(policy(Rate(of=Result(outcome=FAILED), rate=0.5, last=4, least=1)), decisions) == [1, 2, 3, 4]
    # 0.7 * 10 is more than 7 in binary; seven of ten are 70 % all the same.
    ten = run(*["a failed"] * 7, *["a"] * 4)
    assert 10 in hits(policy(Rate(of=Result(outcome=FAILED), rate=0.7, last=10)), ten)


def test_a_prefix_is_the_collapsed_path_from_the_start() -> None:
    rule = policy(Prefix(path=("a", "b", "a")))
    assert hits(rule, run("a", "a_2", "b", "b", "a", "a", "b", "a")) == [4]
    assert hits(rule, run("b", "a", "b", "a")) == []
    assert hits(policy(Prefix(path=("a",))), run("a", "a", "b", "a")) == [0]


def test_what_is_known_from_outside_the_calls() -> None:
    decisions = run("a", "exec:node_3", "b")
    known = Facts(agent_id="mailer", conformance=0.5, failure_rate=0.6, bottlenecks=frozenset({"exec:node"}), depth=3)
    assert hits(policy(Conformance(below=0.7)), decisions, known) == [0, 1, 2]
    assert hits(policy(FailureRate(least=0.5)), decisions, known) == [0, 1, 2]
    assert hits(policy(Depth(least=3)), decisions, known) == [0, 1, 2]
    assert hits(policy(Bottleneck()), decisions, known) == [1]
    for condition in (Conformance(below=1), FailureRate(least=0), Depth(least=1), Bottleneck()):
        assert hits(policy(condition), decisions) == [], "what is not known never hits"


def test_pressure_and_mode_are_those_after_the_call_before() -> None:
    assert hits(policy(Pressure(least=0.5)), run("a", "a", "a", "a"), pressures={0: 0.2, 1: 0.5, 2: 0.4}) == [2]
    watch = Watch([policy(InMode(least="WARN"))], Facts(agent_id="mailer"))
    watch.learn(call(0, "a"), mode="BLOCK")
    assert watch.check(call(1, "a"))[0].evidence == ("x/0",)
    watch.learn(call(1, "a"), mode="GUIDE")
    assert watch.check(call(2, "a")) == ()


def test_a_scope_narrows_by_agent_team_task_and_call() -> None:
    rule = policy(
        Count(least=1), scope=Scope(agents=("mail*",), teams=("core",), tasks=("inbox*",), calls=Call(role=("write",)))
    )
    inside = Facts(agent_id="mailer", team_id="core", tasks=("inbox digest",))
    assert hits(rule, [call(0, "a"), call(1, "a"), call(2, "w", role="write")], inside) == [2]
    for outside in (
        Facts(agent_id="other", team_id="core", tasks=("inbox",)),
        Facts(agent_id="mailer", team_id="core"),
    ):
        assert Watch([rule], outside).policies == ()


def test_what_an_execution_merely_met_with_is_no_call() -> None:
    decisions = [call(0, "a"), call(1, "a", kind="failure"), call(2, "b"), call(3, "c", kind="guard")]
    assert hits(policy(Prefix(path=("a", "b"))), decisions) == [2]


_CALLS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(("ok", "failed", "timeout")), st.sampled_from(("1", "2"))),
    max_size=14,
).map(lambda told: [call(step, a, o, arguments_digest=d) for step, (a, o, d) in enumerate(told)])
_RESULTS = st.builds(
    Result,
    action=st.sampled_from(((), ("a",), ("a", "b"))),
    outcome=st.sampled_from(((), ("failed",), ("failed", "timeout"))),
)
_STEPS = st.builds(
    Step,
    action=st.sampled_from(((), ("a",), ("b",))),
    outcome=st.sampled_from(((), ("failed",))),
    times=st.integers(1, 2),
)


def _reading(
    holds: Callable[[list[NormalizedDecision], NormalizedDecision], bool], decisions: list[NormalizedDecision]
) -> list[int]:
    return [decision.step for place, decision in enumerate(decisions) if holds(decisions[:place], decision)]


@given(
    _CALLS,
    st.lists(_STEPS, min_size=1, max_size=2),
    st.booleans(),
    st.sampled_from(("", "action", "call")),
    st.none() | st.integers(4, 6),
)
def test_a_sequence_is_found_wherever_its_definition_finds_it(
    decisions: list[NormalizedDecision],
    after: list[Step],
    consecutive: bool,
    same: Literal["", "action", "call"],
    within: int | None,
) -> None:
    condition = Sequence(
        after=tuple(after), then=Call(action=("a", "c")), consecutive=consecutive, same=same, within=within
    )

    def alike(one: NormalizedDecision, other: NormalizedDecision) -> bool:
        return not same or (
            one.action == other.action and (same == "action" or one.arguments_digest == other.arguments_digest)
        )

    def holds(before: list[NormalizedDecision], now: NormalizedDecision) -> bool:
        steps = condition.steps
        if now.action not in ("a", "c"):
            return False
        for places in combinations(range(len(before)), len(steps)):
            if consecutive and list(places) != list(range(len(before) - len(steps), len(before))):
                continue
            if within is not None and len(before) - places[0] > within:
                continue
            chosen = [before[place] for place in places]
            if all(s.matches(c) and alike(c, now) for s, c in zip(steps, chosen, strict=True)):
                return True
        return False

    assert hits(policy(condition), decisions) == _reading(holds, decisions)


@given(_CALLS, _RESULTS, st.integers(1, 3), st.none() | st.integers(3, 5))
def test_a_count_is_what_counting_the_window_gives(
    decisions: list[NormalizedDecision], of: Result, least: int, last: int | None
) -> None:
    def holds(before: list[NormalizedDecision], now: NormalizedDecision) -> bool:
        return sum(of.matches(one) for one in (before if last is None else before[-last:])) >= least

    assert hits(policy(Count(of=of, least=least, last=last)), decisions) == _reading(holds, decisions)


@given(_CALLS, st.integers(1, 4), st.sampled_from((0.1, 0.25, 0.5, 1.0)), st.booleans())
def test_a_rate_is_what_counting_the_window_gives(
    decisions: list[NormalizedDecision], last: int, rate: float, early: bool
) -> None:
    of, among = Result(outcome=FAILED), Result(action=("a", "b"))

    def holds(before: list[NormalizedDecision], now: NormalizedDecision) -> bool:
        window = [one for one in before if among.matches(one)][-last:]
        enough = len(window) >= (1 if early else last)
        return enough and sum(of.matches(one) for one in window) / len(window) >= rate

    condition = Rate(of=of, among=among, rate=rate, last=last, least=1 if early else None)
    assert hits(policy(condition), decisions) == _reading(holds, decisions)


_TOML = """
id = "canon-max-retry"
effect = "error"
message = "exec:node failed twice; do something else."
expires = 2026-12-31
[scope]
agents = ["agent-*"]
[condition]
kind = "sequence"
after = [{action = ["exec:node"], outcome = ["failed", "timeout"], times = 2}]
then = {action = ["exec:node"]}
"""


def test_a_policy_is_the_same_from_toml_json_and_its_own_text(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(_TOML)
    (one,) = read_policies(tmp_path / "p.toml")
    assert one.expires == dt.date(2026, 12, 31)
    assert isinstance(one.condition, Sequence)
    (tmp_path / "p.json").write_text(codec.encode({"policies": [one, one]}))
    assert read_policies(tmp_path / "p.json") == [one, one]
    assert policy_of(codec.encode(one)) == one
    assert policy_of(codec.encode(one)).digest == one.digest


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('kind = "sequence"', 'kind = "sequnce"'), "$.condition.kind"),
        (("times = 2", "times = 0"), "$.condition.after[0].times"),
        (('effect = "error"', 'effect = "kill"'), "$.effect"),
        (("[scope]", "[scoop]"), "scoop"),
        (('id = "canon-max-retry"', 'id = "../x"'), "$.id"),
        (('message = "exec:node failed twice; do something else."', ""), "message"),
        (("times = 2", "times = 64}, {times = 2"), "at most 64 steps"),
    ],
)
def test_a_file_that_cannot_be_used_names_the_field(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    (tmp_path / "p.toml").write_text(_TOML.replace(*change))
    with pytest.raises(ConfigError) as caught:
        read_policies(tmp_path / "p.toml")
    assert told in str(caught.value)


def test_its_last_day_is_the_last_on_which_it_binds() -> None:
    one = policy(Count(least=1), expires=dt.date(2026, 12, 31), review=dt.date(2026, 12, 1))
    last = clock.from_iso("2026-12-31T23:59:59Z")
    after = clock.from_iso("2027-01-01T00:00:00Z")
    assert last is not None
    assert after is not None
    assert (one.expired(last), one.expired(after), one.due(last)) == (False, True, True)


def test_hostile_text_makes_no_glob_slow() -> None:
    glob = "*a" * 100 + "b"
    rule = policy(Action(call=Call(arguments=(glob,))))
    started = process_time()
    hits(rule, [call(step, "a", arguments="a" * 4096) for step in range(20)])
    assert process_time() - started < 2


def test_a_long_execution_costs_the_same_per_call() -> None:
    rules: list[Policy] = [
        policy(Count(of=Result(outcome=FAILED), least=1000)),
        policy(Rate(of=Result(outcome=FAILED), rate=0.9, last=1000)),
        policy(Sequence(after=(Step(outcome=FAILED, times=20),), same="call", consecutive=True)),
    ]

    def seconds(many: int) -> float:
        watch = Watch(rules, Facts(agent_id="mailer"))
        decisions = [
            call(step, "a", "failed" if step % 2 else "ok", arguments_digest=str(step % 50)) for step in range(many)
        ]
        started = process_time()
        for decision in decisions:
            watch.check(decision)
            watch.learn(decision)
        return process_time() - started

    short = min(seconds(2_000) for _ in range(3))
    assert min(seconds(20_000) for _ in range(2)) < 25 * short
