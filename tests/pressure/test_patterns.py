"""What each pattern asks for, at its limits; and what the rulebook makes of what matches."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soma.config import BudgetSettings, PatternSettings
from soma.pressure import Action, Configuration, Engine, StateError
from soma.pressure.patterns import (
    PATTERNS,
    Finding,
    Memory,
    Rulebook,
    Severity,
    Watched,
    patterns_digest,
    patterns_of,
    registry,
)
from soma.pressure.patterns.cost_spiral import AHEAD, line
from soma.pressure.patterns.false_success import claimed
from soma.pressure.replay.recording import Begin, Event, Step
from soma.pressure.replay.watch import watch

from .storms import BENCHMARK

NUMBER = iter(range(10**9))


def did(action: str = "exec:make", outcome: str = "ok", role: str = "shell", **more: Any) -> Action:
    """An action with arguments and an answer of its own."""
    number = next(NUMBER)
    given = {"arguments_digest": f"a{number}", "output_digest": f"o{number}", "tool": role, **more}
    return Action(role=role, action=action, outcome=outcome, **given)


def failed(action: str = "exec:make", **more: Any) -> Action:
    return did(action, "failed", **more)


def told(actions: list[Action], settings: PatternSettings | None = None, limits: BudgetSettings | None = None,
         task: str | None = None) -> list[Watched]:  # fmt: skip
    engine = Engine(Configuration(budget=limits or BudgetSettings()))
    events: list[Event] = [Begin("a", "s", task), *(Step("a", action) for action in actions)]
    return [watched for *_, watched in watch(events, engine, Rulebook(patterns_of(settings or PatternSettings())))]


def fired(actions: list[Action], **more: Any) -> list[tuple[int, str]]:
    return [(at, one.pattern) for at, watched in enumerate(told(actions, **more)) for one in watched.fired]


def severity(actions: list[Action], pattern: str) -> Severity | None:
    last = [one for watched in told(actions) for one in watched.fired if one.pattern == pattern]
    return last[-1].severity if last else None


def test_two_failures_of_one_program_are_a_retry_of_two_programs_a_streak_three_a_storm() -> None:
    assert fired([failed(), failed()]) == [(1, "bash_retry")]
    assert fired([failed(), failed("exec:cc")]) == [(1, "bash_error_streak")]
    assert fired([failed(), did("read:src", role="read"), failed("exec:cc")]) == [(2, "bash_error_streak")]
    assert fired([failed(), failed(), failed()]) == [(1, "bash_retry"), (2, "retry_storm")]
    assert fired([failed(), did(), failed()]) == []


def test_a_search_that_finds_nothing_is_no_failed_command_and_looking_no_streak() -> None:
    assert fired([failed("exec:grep"), failed("exec:grep")]) == []
    assert fired([failed("exec:find"), failed("exec:ls")]) == []


def test_failures_across_tools_are_a_cascade_unless_the_agent_usually_comes_out_of_them() -> None:
    three = [failed(), failed("read:src", role="read"), failed("edit:src", role="edit")]
    assert (2, "error_cascade") in fired(three)
    burst = [failed(), failed("x", role="web"), failed("y", role="web"), *(did() for _ in range(8))]
    usual = burst * 5
    assert (len(usual) + 2, "error_cascade") not in fired([*usual, *three])
    assert (len(usual) + 3, "error_cascade") in fired([*usual, *three, failed("z", role="other")])


def test_a_tool_that_hands_on_an_earlier_error_is_none_of_a_cascade() -> None:
    run = [failed(output_digest="e") for _ in range(4)]
    assert "error_cascade" not in {name for _, name in fired([*run, failed("submit", role="other", output_digest="e")])}


def test_the_same_failure_is_told_unless_something_changed() -> None:
    same = {"arguments_digest": "s"}
    assert fired([failed(**same), failed(**same)]) == [(1, "same_failure")]
    assert fired([failed(**same), did("read:x", role="read"), failed(**same)]) == [(2, "same_failure")]
    assert fired([failed(**same), did("edit:x", role="edit"), failed(**same)]) == []
    assert fired([failed(**same), did(), failed(**same)]) == []


def test_without_arguments_the_same_answer_makes_the_same_failure() -> None:
    bare = failed("pay", role="other", arguments_digest=None, output_digest="e")
    assert fired([bare, bare]) == [(1, "same_failure")]
    other = failed("pay", role="other", arguments_digest=None, output_digest="f")
    assert fired([bare, other]) == []


def test_to_and_fro_is_told_when_both_answers_stay() -> None:
    a, b = did("a", role="other"), did("b", role="other")
    assert fired([a, b, a, b]) == [(3, "oscillation")]
    assert fired([a, b, a, did("b", role="other", arguments_digest=b.arguments_digest)]) == []
    assert severity([a, b, a, b, a, b, a, b, a, b], "oscillation") is Severity.CRITICAL


def test_a_silent_loop_needs_the_same_call_and_answer_three_times() -> None:
    again = did("poll", role="other")
    assert fired([again, again]) == []
    assert fired([again, again, again]) == [(2, "silent_loop")]


def test_a_check_that_fails_as_before_an_edit_is_stuck() -> None:
    edit = did("edit:src", role="edit")
    same = failed("exec:pytest", arguments_digest="t", output_digest="3 failed", tests=True)
    assert fired([same, edit, same]) == [(2, "stuck_test")]
    assert severity([same, edit, same], "stuck_test") is Severity.WARN
    runs = [failed("exec:pytest", tests=True) for _ in range(3)]
    assert fired([runs[0], edit, runs[1]]) == []
    assert severity([runs[0], edit, runs[1], edit, runs[2]], "stuck_test") is Severity.INFO
    passed = did("exec:pytest", tests=True)
    assert fired([runs[0], edit, passed, runs[1], edit, runs[2]]) == []


def test_an_edit_is_blind_when_the_file_was_not_touched() -> None:
    edit = did("edit:src", role="edit", files=("/w/src/a.py",))
    assert fired([did(), edit]) == [(1, "blind_edit")]
    for before in (
        did("read:src", role="read", files=("src/a.py",)),
        did("exec:cat", files=("a.py",)),
        did("search:grep", role="search", files=("/w/src",)),
        did("write:src", role="write", files=("/w/src/a.py",)),
        did("write:src", role="write"),
    ):
        assert fired([before, edit]) == [], before
    assert fired([did("search:glob", role="search", files=("/w/src",)), edit]) == [(1, "blind_edit")]
    assert fired([did("read:src", role="read", files=("/w/src/a.py",)), *(did() for _ in range(19)), edit]) == [
        (20, "blind_edit")
    ]


def test_a_new_file_is_no_blind_edit_and_an_overwritten_one_is_where_the_tool_says_so() -> None:
    new: dict[str, Any] = {"role": "write", "files": ("a.py",)}
    assert fired([did("write:src", **new)]) == []
    assert fired([did("edit:src", role="edit", files=("a.py",), fresh=True)]) == []
    assert fired([did("write:src", output="Successfully overwrote file: a.py", **new)]) == [(0, "blind_edit")]
    assert severity([did("edit:src", role="edit", files=("a.py",))], "blind_edit") is Severity.INFO
    assert severity([failed("edit:src", role="edit", files=("a.py",))], "blind_edit") is Severity.WARN


def tunnel(seconds: float) -> list[Action]:
    wide = [did(f"exec:{n % 5}", started_at=int(n * 60e6)) for n in range(10)]
    narrow = [
        did("exec:curl", "timeout" if n % 3 == 0 else "ok", started_at=int((600 + n * seconds) * 1e6))
        for n in range(10)
    ]
    return wide + narrow


def test_a_tunnel_without_news_is_told_and_a_fast_one_is_panic() -> None:
    assert severity(tunnel(30.0), "entropy_drop") is Severity.WARN
    assert severity(tunnel(1.0), "entropy_drop") is Severity.CRITICAL


def test_an_agent_with_one_tool_or_with_news_is_in_no_tunnel() -> None:
    assert "entropy_drop" not in {name for _, name in fired(tunnel(30.0)[10:] * 3)}
    assert "entropy_drop" not in {name for _, name in fired([*tunnel(1.0)[:10], *(did() for _ in range(10))])}


def test_a_full_context_window_is_told_where_the_window_is_known() -> None:
    assert fired([did(tokens=170_000, model="anthropic/claude-sonnet-4-5")]) == [(0, "context")]
    assert fired([did(tokens=150_000, model="claude-sonnet-4-5")]) == []
    assert fired([did(tokens=999_999, model="house-model")]) == []
    assert fired([did(tokens=900, model="house-model")], settings=PatternSettings(context_window=1_000)) == [
        (0, "context")
    ]


def test_little_budget_is_told_and_none_is_critical() -> None:
    limits = BudgetSettings(tokens=1_000)
    assert fired([did(tokens=700)], limits=limits) == []
    assert fired([did(tokens=801)], limits=limits) == [(0, "budget")]
    (watched,) = told([did(tokens=1_000)], limits=limits)
    assert watched.fired[0].severity is Severity.CRITICAL
    assert watched.fired[0].what == "the budget is spent"


def test_a_spiral_is_rising_cost_with_failures_and_rising_cost_alone_is_none() -> None:
    rising = [did(outcome="failed" if n % 2 else "ok", cost_usd=0.02 * 1.2**n) for n in range(8)]
    assert (7, "cost_spiral") in fired(rising)
    assert "cost_spiral" not in {name for _, name in fired([did(cost_usd=0.02 * 1.2**n) for n in range(8)])}
    even = [did(outcome="failed" if n % 2 else "ok", cost_usd=0.02) for n in range(8)]
    assert "cost_spiral" not in {name for _, name in fired(even)}


@pytest.mark.parametrize(("pace", "ahead"), [(1.2, 4), (1.3, 5), (1.5, 3), (1.8, 2), (2.0, 1)])
def test_a_spike_that_comes_gradually_is_forecast_before_it_is_there(pace: float, ahead: int) -> None:
    calm = [did(tokens=1_000) for _ in range(12)]
    ramp = [did(tokens=int(1_000 * pace**n)) for n in range(1, 30)]
    told_at = next(at for at, name in fired([*calm, *ramp]) if name == "cost_spiral")
    spike_at = next(at for at, action in enumerate([*calm, *ramp]) if (action.tokens or 0) >= 20_000)
    assert spike_at - told_at == ahead <= AHEAD


def test_amounts_that_vary_a_lot_forecast_no_spike() -> None:
    random_ = random.Random(5)
    assert "cost_spiral" not in {name for _, name in fired([BENCHMARK.healthy(random_, n) for n in range(4_000)])}


def test_a_context_that_fills_forecasts_no_spike() -> None:
    filling = [did(tokens=2_000 + 900 * n) for n in range(40)]
    assert "cost_spiral" not in {name for _, name in fired(filling)}


def test_the_line_is_that_of_a_textbook() -> None:
    # Draper and Smith's formulas by hand: slope 0.6, intercept 2.2, s = sqrt(2.4 / 3), s / sqrt(10).
    found = line([2.0, 4.0, 5.0, 4.0, 5.0])
    assert found.slope == pytest.approx(0.6)
    assert found.end == pytest.approx(2.8 + 0.6 * 4)
    assert found.error == pytest.approx((2.4 / 3 / 10) ** 0.5)


CLAIMS = ("Great! The build passes.", "All tests pass now.", "It works now", "The bug is fixed.", "I can submit.")
NO_CLAIMS = (
    "Let me check that all tests pass.", "It doesn't work.", "The path is incorrect.", "The build failed, I fix it",
    "Once it works I will go on.", "Is it fixed?", "I should make sure the output is correct.", "Now the tests.",
    "Great, but there is still an error.", "The build was unsuccessful",
)  # fmt: skip


@pytest.mark.parametrize("text", CLAIMS)
def test_a_claim_after_a_failure_is_told(text: str) -> None:
    assert fired([failed(), did("submit", role="other", reasoning=text)]) == [(1, "false_success")]
    assert fired([did(), did("submit", role="other", reasoning=text)]) == []
    assert fired([failed(), did("message", role="message", said=text)]) == [(1, "false_success")]


@pytest.mark.parametrize("text", NO_CLAIMS)
def test_what_is_no_claim_is_not_told(text: str) -> None:
    assert claimed(Action(reasoning=text)) is None


def test_drift_needs_the_words_of_the_task_and_the_same_request() -> None:
    task = "Translate the letters into French"
    near = [did(f"read:{n}", role="read", reasoning="the letters into french") for n in range(10)]
    far = [did(f"web:{n}", role="web", reasoning="cheap flights to Rome") for n in range(10)]
    assert "drift" in {name for _, name in fired([*near, *far], task=task)}
    assert "drift" not in {name for _, name in fired([*near, *far])}
    later = [did(f"web:{n}", role="web", reasoning="cheap flights to Rome", turn=1) for n in range(10)]
    assert "drift" not in {name for _, name in fired([*near, *later], task=task)}


def test_a_pattern_is_silent_for_its_cooldown_and_no_longer_than_the_session() -> None:
    same = failed(arguments_digest="s")
    assert [at for at, name in fired([same] * 14) if name == "same_failure"] == [1, 7, 13]
    engine, rulebook = Engine(), Rulebook(PATTERNS)
    events: list[Event] = [Begin("a", "1"), Step("a", same), Step("a", same), Begin("a", "2"), Step("a", same),
                           Step("a", same)]  # fmt: skip
    assert [len(watched.fired) for *_, watched in watch(events, engine, rulebook)] == [0, 1, 0, 1]


def test_what_is_covered_matches_and_is_silent() -> None:
    same = failed(arguments_digest="s")
    watched = told([same, same, same])[-1]
    assert {"same_failure", "retry_storm", "bash_retry"} <= set(watched.matching)
    assert [one.pattern for one in watched.fired] == []


def test_the_graver_finding_speaks_first_then_the_one_of_higher_priority() -> None:
    limits = BudgetSettings(tokens=100)
    first, *rest = told([failed(tokens=60), failed(tokens=39)], limits=limits)[-1].fired
    assert (first.pattern, first.severity, [one.pattern for one in rest]) == (
        "budget",
        Severity.CRITICAL,
        ["bash_retry"],
    )


roles = st.sampled_from(["shell", "read", "edit", "other"])
actions = st.lists(
    st.builds(
        lambda role, action, call, result, outcome, tokens: Action(
            role=role, action=action, tool=role, arguments_digest=call, output_digest=result, outcome=outcome,
            tokens=tokens, files=(action,), reasoning="it works now"),
        roles, st.sampled_from(["exec:a", "exec:b"]), st.sampled_from(["1", "2", None]),
        st.sampled_from(["1", "2", None]),
        st.sampled_from(["ok", "failed", "unknown"]), st.integers(0, 5_000) | st.none(),
    ),
    min_size=1, max_size=40,
)  # fmt: skip


@given(actions, st.data())
def test_stopped_after_any_action_engine_and_rulebook_go_on_alike(some: list[Action], data: st.DataObject) -> None:
    configuration = Configuration(budget=BudgetSettings(tokens=50_000))
    stops = data.draw(st.sets(st.integers(0, len(some))))
    engine, rulebook = Engine(configuration), Rulebook(PATTERNS)
    through = list(watch([Step("a", action) for action in some], engine, rulebook))
    stopped, other = Engine(configuration), Rulebook(PATTERNS)
    for at, action in enumerate(some):
        if at in stops:
            stopped = Engine.restore(stopped.save(), configuration)
            other = Rulebook(PATTERNS, Memory.restore(other.memory.save()))
        (answer,) = watch([Step("a", action)], stopped, other)
        assert answer == through[at]
    assert other.memory.save() == rulebook.memory.save()
    assert stopped.save() == engine.save()


@given(actions)
def test_asking_patterns_changes_no_pressure(some: list[Action]) -> None:
    alone, asked = Engine(), Engine()
    for action, (_, reading, _) in zip(
        some, watch([Step("a", a) for a in some], asked, Rulebook(PATTERNS)), strict=True
    ):
        assert alone.step("a", action) == reading
    assert alone.save() == asked.save()


@pytest.mark.parametrize("data", [b"", b"\x93", b"{}", b"\xff" * 9])
def test_bytes_that_are_no_memory_are_refused(data: bytes) -> None:
    with pytest.raises(StateError, match="no memory"):
        Memory.restore(data)


def test_the_registry_tells_every_pattern() -> None:
    entries = registry(PATTERNS, {"drift": "retired"})
    assert len({entry.name for entry in entries}) == len(PATTERNS) == 15
    assert [entry.name for entry in entries if entry.status != "collecting"] == ["drift"]
    names = {entry.name for entry in entries}
    for entry in entries:
        assert entry.detects and entry.trigger.startswith("Fires when")
        assert set(entry.covered_by) <= names - {entry.name}


def test_nothing_is_covered_in_a_circle() -> None:
    covers = {pattern.name: pattern.covered_by for pattern in PATTERNS}

    def above(name: str, seen: frozenset[str] = frozenset()) -> None:
        assert name not in seen, seen
        for other in covers[name]:
            above(other, seen | {name})

    for name in covers:
        above(name)


def test_the_digest_tells_another_version() -> None:
    class Newer(type(PATTERNS[0])):  # type: ignore[misc]
        version = 2

    assert patterns_digest(PATTERNS) == patterns_digest(reversed(PATTERNS))
    assert patterns_digest(PATTERNS) != patterns_digest([Newer(), *PATTERNS[1:]])
    assert patterns_digest(PATTERNS) != patterns_digest(patterns_of(PatternSettings(context_window=9_000)))


def test_a_finding_speaks_in_sentences() -> None:
    same = failed(arguments_digest="s")
    found: list[Finding] = [one for watched in told([same] * 9) for one in watched.fired]
    assert found and all(one.advice.endswith(".") and len(one.what) < 500 for one in found)
