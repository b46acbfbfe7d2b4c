from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soma.harvester.redact import Redactor, sieve
from soma.harvester.redact.expressions import shapes, surroundings
from soma.harvester.redact.look import Look
from soma.harvester.redact.screen import ENGINES, Engine, Screen

from .planted import Planter
from .test_batch_redaction import TEXTS

NONE = Look.NONE
SECRET = Planter(5).tokens()["github"][0]
FILLED = st.tuples(TEXTS, st.sampled_from(["", " plain" * 200, " plain" * 900])).map("".join)


def looks(texts: list[str]) -> list[Look]:
    return Screen(only="polars").looks(texts)


def test_hits_are_told_for_the_text_that_holds_them() -> None:
    texts = ["", "plain", "é" * 5, f"é {SECRET}", "", "PassWord=hunter22", "plain", "x --Token abcdef1", "basic p:p"]
    told = [NONE, NONE, NONE, Look.SHAPES, NONE, Look.NAMES, NONE, Look.NAMES, NONE]
    assert looks(texts) == told
    assert looks(texts * 2) == told * 2
    assert looks([]) == [] and looks(["", ""]) == [NONE, NONE]


def test_what_lies_across_two_texts_is_in_neither() -> None:
    halves = [[SECRET[:at], SECRET[at:]] for at in range(1, len(SECRET))]
    assert all(looks(pair) == [*looks(pair[:1]), *looks(pair[1:])] for pair in halves)
    assert looks(halves[9]) == [NONE, NONE]


@pytest.mark.parametrize("letter", ["ſ", "\u212a"])
def test_letters_that_are_of_ascii_where_case_is_ignored_hide_nothing(letter: str) -> None:
    text = {"ſ": "ſecret=hunter22", "\u212a": "api_\u212aey=hunter22"}[letter]
    assert looks(["plain", text])[1] & Look.NAMES


@given(st.lists(FILLED, min_size=1, max_size=8))
@settings(deadline=None, max_examples=150)
def test_it_tells_all_that_the_expressions_themselves_find(texts: list[str]) -> None:
    import pyarrow.compute as pc

    told = looks(texts)
    column = pa.array([text.encode("utf-8", "replace").decode() for text in texts])
    for look, pattern in (*surroundings(False, False), *((Look.SHAPES, shape) for shape in shapes())):
        for found, is_there in zip(told, pc.match_substring_regex(column, pattern).to_pylist(), strict=True):
            assert not is_there or found & look, pattern


def test_expressions_are_dealt_into_few_passes_that_begin_with_few_literals() -> None:
    dealt = sieve.passes(False, False)
    assert len(dealt) < 16
    hints = [sum(len(hints) for shape, hints in shapes().items() if shape in one.pattern)
             for one in dealt if one.look is Look.SHAPES]  # fmt: skip
    assert max(hints) <= 24 and sum(hints) == sum(map(len, shapes().values()))


@pytest.mark.parametrize("engine", ENGINES)
def test_ids_that_hold_a_secret_are_told_from_those_that_seem_to(engine: Engine) -> None:
    ids = [f"toolu_01SKabcdefghijkey{number:04}" for number in range(600)]
    redactor = Redactor(b"a key of this test, 32 bytes long", screen=Screen(only=engine))
    assert redactor.are_plain(["run-1", "run-2"]) and not redactor.suspects([])
    for place in (0, 333, 599):
        some = [*ids[:place], SECRET, *ids[place:]]
        assert not redactor.are_plain(some) and place in redactor.suspects(some)
        # Hyperscan may take what ends in the next text for a part of it.
        assert engine == "re2" or set(redactor.suspects(some)) <= {place, place + 1}
    assert engine == "re2" or redactor.are_plain(ids)
