from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import reduce
from operator import and_
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soma import codec
from soma.harvester.redact import Batch, Redactor, Shares
from soma.harvester.redact.headers import COMMANDS
from soma.harvester.redact.look import Look
from soma.harvester.redact.relaxed import relaxed
from soma.harvester.redact.rules import EMAIL, PHONE, SIGNED, TOKENS, URLS, Rule
from soma.harvester.redact.screen import ENGINES, Screen
from soma.text import clip

from .planted import AROUND, Planter

KEY = b"a key of this test, 32 bytes long"
PLACED = [text for samples in Planter(3).in_place().values() for text, _ in samples]
SHAPED = [secret for secrets in Planter(4).tokens().values() for secret in secrets]
NAMES = [
    "password", "PGPASSWORD", "api_key", "apiKey2", "X-Auth-Token", "--token", "-pass", "<secret>",
    "aws_secret_x_key",
    "accessKeys", "cookie", "PHPSESSID", "session", "authorization", "basic", "bearer", "passwordProdValue",
    "max_token",
]  # fmt: skip
GLUE = [
    " ", "\n", "\t", "\x1c", "\u3000", "=", ":", ": ", ":=", "=>", '"', "'", "`", "\\n", '\\"', '", "', "]", "--",
    " -p", " -u ", "curl", "mysql ", "://", "@", "?sig=", "é", "%20", "</", ">", "[REDACTED:", "[REDACTED:token:9f3c]",
    "str = ", "-----BEGIN ",
]  # fmt: skip
ODD_CASE = str.maketrans({"i": "ı", "I": "İ", "s": "ſ", "k": "\u212a"})
PIECES = [
    piece for plain in PLACED + SHAPED + NAMES + GLUE for piece in (plain, plain.upper(), plain.translate(ODD_CASE))
]


@st.composite
def texts_near_secrets(draw: st.DrawFn) -> str:
    return "".join(draw(st.lists(st.sampled_from(PIECES) | st.text(max_size=12), max_size=12)))


@st.composite
def keys(draw: st.DrawFn) -> str:
    return draw(st.sampled_from(["name", "value", "key", "password", "token", "command"]) | texts_near_secrets())


TEXTS = texts_near_secrets()
VALUES = st.recursive(
    TEXTS | st.none() | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys(), inner, max_size=4),
    max_leaves=8,
)
ALL_RULES = (*TOKENS, *URLS, SIGNED, EMAIL, PHONE)


class LetsMostBy(Screen):
    """Lets by what any of the engines lets by."""

    def looks(self, texts: Sequence[str]) -> list[Look]:
        told = [Screen(emails=True, phones=True, only=engine).looks(texts) for engine in ENGINES]
        return [reduce(and_, looks) for looks in zip(*told, strict=True)]


def redactor() -> Redactor:
    screen = LetsMostBy(emails=True, phones=True)
    return Redactor(KEY, emails=True, phones=True, screen=screen)


def write(value: Any) -> str:
    return codec.encode(value)


def one_by_one(texts: list[str | None], limit: int) -> tuple[list[str | None], Counter[str]]:
    plain = redactor()
    return [None if text is None else plain.bounded(text, limit) for text in texts], plain.counts


def test_no_planted_secret_passes_the_screen() -> None:
    texts = [around.replace("@@", secret) for secret in SHAPED for around in AROUND]
    assert Look.NONE not in redactor().looks(texts + PLACED)
    assert all(look & Look.SHAPES for look in redactor().looks([text for text in texts if "PRIVATE KEY" not in text]))


@given(st.lists(TEXTS, min_size=1, max_size=6))
@settings(deadline=None, max_examples=150)
def test_what_passes_the_screen_holds_nothing(texts: list[str]) -> None:
    for text, look in zip(texts, redactor().looks(texts), strict=True):
        assert redactor().text(text, look) == redactor().text(text), look


@pytest.mark.parametrize("rule", [*TOKENS, EMAIL, PHONE], ids=lambda rule: f"{rule.kind} {rule.hints[0]}")
def test_the_screen_matches_whatever_a_rule_matches(rule: Rule) -> None:
    matching = st.from_regex(relaxed(rule.pattern).replace(r"\x{80}-\x{10FFFF}", "\x80-\xff"))
    least = Look.SHAPES if rule in TOKENS else Look.PERSONAL

    @given(st.lists(matching, min_size=1, max_size=6))
    @settings(deadline=None, max_examples=8)
    def holds(texts: list[str]) -> None:
        for text, look in zip(texts, redactor().looks(texts), strict=True):
            assert look & least or not list(rule.find(text))

    holds()


def test_relaxing_keeps_what_must_be_there() -> None:
    assert relaxed(r"(?<![A-Za-z(])(?<=\\[nrt])ab(?=[\w)])c") == "abc"
    assert relaxed(r"a{3,9}+b{2}c{0,4}?(?P<s>[^\s:]*)") == r"a{3,}b{2}c{0,}?(?:[^ \t\n\r\f\v:]*)"
    assert relaxed(r"\bx\d\.") == r"x[0-9\x{80}-\x{10FFFF}]\."
    for pattern in [rule.pattern for rule in ALL_RULES] + [pattern.pattern for pattern, _ in COMMANDS]:
        assert not re.search(r"\(\?<?[!=]|\\b|\{\d+,\d+\}", relaxed(pattern)), pattern


@given(st.lists(TEXTS | st.none(), max_size=8), st.integers(0, 300))
@settings(deadline=None, max_examples=100)
def test_a_batch_of_texts_gives_what_each_gives_alone(texts: list[str | None], limit: int) -> None:
    assume_long = [None if text is None else text + " long" * (len(text) % 3 * 4000) for text in texts]
    clipped = [None if text is None else clip(text) for text in assume_long]
    expected, counts = one_by_one(clipped, limit)
    batch, column = Batch(redactor(), write), ["before", *[None] * len(clipped)]
    batch.texts(column, clipped, limit, Shares(["source"], [0]))
    batch.settle()
    assert column == ["before", *expected]
    assert batch.counts.get("source", Counter()) == counts


@given(st.lists(VALUES, max_size=5), st.integers(20, 400))
@settings(deadline=None, max_examples=150)
def test_a_batch_of_objects_gives_what_each_gives_alone(values: list[Any], limit: int) -> None:
    plain = redactor()
    expected, written = [], []
    for value in values:
        text = value if value is None or isinstance(value, str) else write(value)
        shown = text if value is None or isinstance(value, str) else write(plain.value(value))
        written.append(text)
        expected.append(None if shown is None else plain.bounded(shown, limit))
    batch = Batch(redactor(), write)
    column: list[str | None] = [None] * len(values)
    batch.objects(column, values, written, limit, Shares(["source"], [0]))
    batch.settle()
    assert column == expected
    assert batch.counts.get("source", Counter()) == plain.counts


def test_marks_are_counted_for_the_owner_of_the_value() -> None:
    batch = Batch(redactor(), write)
    columns: tuple[list[str | None], list[str | None]] = ([None] * 3, [None])
    batch.texts(columns[0], ["password=hunter22", "nothing", "password=hunter23"], 100,
                Shares(["one", "nobody", "two"], [0, 2, 2]))  # fmt: skip
    batch.texts(columns[1], ["see password=hunter22 and --token " + SHAPED[0]], 200, Shares(["other"], [0]))
    batch.settle()
    assert batch.counts["one"] == {"password": 1}
    assert batch.counts["two"] == {"password": 1}
    assert batch.counts["other"].total() == 2
    batch.settle()
    assert batch.counts["one"] == {"password": 1}


def test_half_characters_do_not_blind_the_screen() -> None:
    assert redactor().looks(["\ud83d password=ab\udc00cdef1", "\ud83d"]) == [Look.NAMES, Look.NONE]


@pytest.mark.corpus
def test_real_traces_come_out_the_same_in_a_batch(corpus: Path) -> None:
    texts: list[str | None] = []
    values: list[Any] = []
    for path in sorted(path for kind in ("json", "jsonl") for path in corpus.rglob(f"*.{kind}"))[::7]:
        data = path.read_bytes()[: 1 << 18]
        texts.append(clip(data.decode("utf-8", "replace")))
        for line in data.splitlines()[:20]:
            texts.append(line.decode("utf-8", "replace"))
            try:
                values.append(codec.decode(line))
            except codec.Undecodable:
                continue
    expected, counts = one_by_one(texts, 2048)
    plain = redactor()
    expected += [plain.bounded(write(plain.value(value)), 4096) for value in values]
    batch = Batch(redactor(), write)
    column: list[str | None] = [None] * len(texts)
    batch.texts(column, texts, 2048, Shares(["source"], [0]))
    column += [None] * len(values)
    batch.objects(column, values, [write(value) for value in values], 4096, Shares(["source"], [0]))
    batch.settle()
    assert len(texts) > 500
    assert column == expected
    assert batch.counts.get("source", Counter()) == counts + plain.counts
