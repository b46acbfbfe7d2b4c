"""Each signal against what it is defined as, computed anew from the whole history at every action."""

from __future__ import annotations

import math
import random
from collections import Counter

import pytest

from soma.pressure import Action, Engine
from soma.pressure.constants import (
    CONTACT_SHARE,
    ENTROPY_SHARE,
    FIRST,
    HEDGE_FULL,
    HEDGE_LEAST,
    HEDGE_SHARE,
    MIX_SHARE,
    RETRY_SHARE,
    WINDOW,
)
from soma.pressure.words import HEDGES, intent_of, words_of

TASK = "Repair the parser of the configuration"
TEXTS = (
    None,
    "Maybe the parser could be wrong, wait",
    "Now the tests",
    "I guess it depends on the configuration, perhaps",
)


def history(seed: int, length: int = 120) -> list[Action]:
    random_ = random.Random(seed)
    return [
        Action(
            action=f"a{random_.randrange(6)}", tool="t", arguments_digest=random_.choice(("x", "y", "z")),
            outcome=random_.choice(("ok", "ok", "failed", "timeout", "skipped", "unknown")),
            reasoning=random_.choice(TEXTS), output=random_.choice((None, "parser: done", "nothing")),
        )
        for _ in range(length)
    ]  # fmt: skip


def touched(action: Action) -> bool | None:
    words = words_of(action.reasoning or "") + words_of(action.output or "")
    return bool(set(words) & set(intent_of(TASK))) if words else None


@pytest.mark.parametrize("seed", range(5))
def test_signals_equal_their_definitions_at_every_action(seed: int) -> None:
    engine = Engine()
    engine.begin("agent", "session", TASK)
    past = history(seed)
    for number, action in enumerate(past, 1):
        uncertainty, drift, error_rate, tokens, cost = engine.step("agent", action).signals
        start = max(0, number - WINDOW)
        window = past[start:number]
        counts = Counter(each.action for each in window)
        shares = [count / len(window) for count in counts.values()]
        disorder = -sum(p * math.log2(p) for p in shares) / math.log2(len(window)) if len(window) > 1 else 0.0
        words = [word for each in window for word in words_of(each.reasoning or "")]
        hedging = min(1.0, sum(word in HEDGES for word in words) / max(len(words), HEDGE_LEAST) / HEDGE_FULL)
        # A retry looks back over the WINDOW actions before it.
        retries = sum(
            any(earlier.failed and earlier.call == past[place].call for earlier in past[max(0, place - WINDOW) : place])
            for place in range(start, number)
        )
        expected = HEDGE_SHARE * hedging + ENTROPY_SHARE * disorder + RETRY_SHARE * retries / WINDOW
        assert uncertainty == pytest.approx(expected, abs=1e-9)
        assert error_rate == sum(each.failed for each in window) / WINDOW
        assert tokens is None and cost is None
        if number <= FIRST:
            assert drift is None
            continue
        first = Counter(each.action for each in past[:FIRST])
        mix = sum(abs(counts[name] - first[name]) for name in counts | first) / (2 * WINDOW)
        told = [hit for each in window if (hit := touched(each)) is not None]
        told_first = [hit for each in past[:FIRST] if (hit := touched(each)) is not None]
        loss = max(0.0, sum(told_first) / len(told_first) - sum(told) / len(told)) if told_first and told else 0.0
        assert drift == pytest.approx(MIX_SHARE * mix + CONTACT_SHARE * loss, abs=1e-9)


def test_a_doubling_of_tokens_is_one_octave_whatever_the_level() -> None:
    engine = Engine()
    values = [engine.step("a", Action(tokens=tokens)).signals[3] for tokens in (2**10 - 1, 2**11 - 1, 2**20 - 1)]
    assert values == [10.0, 11.0, 20.0]


@pytest.mark.parametrize("cost", [float("nan"), float("inf"), -1.0, 1e300])
def test_an_amount_that_is_none_counts_as_not_known(cost: float) -> None:
    reading = Engine().step("a", Action(cost_usd=cost, tokens=-5))
    assert reading.signals[3:] == (None, None)
    assert reading.pressure == reading.pressure


def test_words_of_any_script_and_broken_text_pass() -> None:
    engine = Engine()
    engine.begin("a", "s", "Überprüfe die Datei файл")
    for text in ("", "\x00\x00", "файл " * 2_000, "👩‍👩‍👧" * 900, "a" * 100_000):
        assert 0.0 <= engine.step("a", Action(reasoning=text, output=text)).pressure <= 1.0


def test_hedges_are_counted_as_words_not_as_parts_of_words() -> None:
    calm, unsure = Engine(), Engine()
    assert calm.step("a", Action(reasoning="The mighty almighty nightmare " * 20)).signals[0] == 0.0
    told = unsure.step("a", Action(reasoning="Maybe this might work, perhaps. " * 20)).signals[0]
    assert told == HEDGE_SHARE
