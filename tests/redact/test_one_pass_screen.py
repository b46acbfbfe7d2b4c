from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soma.harvester.redact import Redactor, headers, scan, screen
from soma.harvester.redact.look import Look
from soma.harvester.redact.scan import Scanner, compiled
from soma.harvester.redact.screen import ENGINES, Engine, Screen

from .planted import Planter

pytest.importorskip("hyperscan")

NONE = Look.NONE
SECRET = Planter(5).tokens()["github"][0]
WORDS = ["", "a", "plain", "password=hunter22", SECRET, "[REDACTED:", "é", "\U0001f600", "\n"]


def looks(texts: list[str], only: Engine = "hyperscan") -> list[Look]:
    return Screen(only=only).looks(texts)


@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=4).map("".join), max_size=6))
@settings(deadline=None, max_examples=60)
def test_each_text_is_looked_at_as_closely_as_alone_or_closer(texts: list[str]) -> None:
    assert all(
        one & alone == alone for one, [alone] in zip(looks(texts), [looks([text]) for text in texts], strict=True)
    )


def test_hits_are_told_for_the_text_that_holds_them() -> None:
    texts = ["", "plain", "é" * 5, f"é {SECRET}", "", "password=hunter22", "plain", ""]
    assert looks(texts) == [NONE, NONE, NONE, Look.SHAPES, NONE, Look.NAMES, NONE, NONE]
    assert looks(texts * 2) == looks(texts) * 2
    assert looks([]) == [] and looks(["", ""]) == [NONE, NONE]


def test_what_begins_in_one_text_and_ends_in_the_next_hides_nothing() -> None:
    halves = [(SECRET[:at], SECRET[at:] + " " + SECRET) for at in range(1, len(SECRET))]
    assert all(looks(list(pair))[1] is Look.SHAPES for pair in halves)


@pytest.mark.parametrize("flood", ["://a" + "@" * 50_000, "[REDACTED:" * 5_000, "session=" * 5_000])
def test_texts_of_nothing_but_hits_are_looked_at_closely_and_the_others_as_ever(flood: str) -> None:
    texts = ["plain", flood, "password=hunter22", "plain"]
    assert looks(texts) == [NONE, Look.ALL, Look.NAMES, NONE]


def test_what_is_too_long_to_count_is_looked_at_closely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "_MOST_BYTES", 100)
    assert looks(["plain", "p" * 101, "cookie=abcdef"]) == [NONE, Look.ALL, Look.NAMES]


def test_threads_do_not_disturb_each_other() -> None:
    texts = [["plain " * 5_000, f"{number} {SECRET}.", "plain"] for number in range(40)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(looks, texts)) == [[NONE, Look.SHAPES, NONE]] * len(texts)


def test_expressions_are_compiled_only_for_who_looks_at_much(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def none_compiled(*_: object) -> None:
        asked.append(len(asked))

    monkeypatch.setattr(screen, "scanner", none_compiled)
    monkeypatch.setattr(screen, "MUCH", 1000)
    monkeypatch.setattr(screen._Process, "looked_at", 0)
    for times in range(3):
        # Every task of a worker makes its own.
        assert Screen().looks(["x" * 600, SECRET]) == [NONE, Look.SHAPES]
        assert len(asked) == times


def test_without_hyperscan_or_its_processor_there_is_no_scanner(monkeypatch: pytest.MonkeyPatch) -> None:
    import hyperscan

    def fails(*_: object, **__: object) -> None:
        raise hyperscan.ArchitectureError("error code -11")

    with monkeypatch.context() as patch:
        patch.setattr(Scanner, "__init__", fails)
        assert compiled([(Look.ALL, "a")]) is None
    monkeypatch.setitem(__import__("sys").modules, "hyperscan", None)
    assert compiled([(Look.ALL, "a")]) is None


def test_secrets_are_marked_the_same_by_every_engine() -> None:
    texts = [f"{before}{secret}" for secrets in Planter(6).tokens().values() for secret in secrets
             for before in ("", "\\n", "key: ", "\ud83d ")]  # fmt: skip
    texts += [text for samples in Planter(7).in_place().values() for text, _ in samples]
    shown = []
    for engine in ENGINES:
        redactor = Redactor(b"a key of this test, 32 bytes long", screen=Screen(only=engine))
        shown.append(
            [redactor.bounded(text, 4096, look) for text, look in zip(texts, redactor.looks(texts), strict=True)]
        )
    assert all(one == other for one, other in pairwise(shown))
    assert shown[0] == [redactor.bounded(text, 4096) for text in texts]


SCHEMED = re.compile(
    r"(?i)(?<![A-Za-z0-9])(?P<scheme>bearer|basic)(?:[ \t]|%20){1,3}(?P<secret>[A-Za-z0-9._~+/=-]{8,4096})"
)
SESSION = re.compile(
    r"(?i)(?<![\w-])(?:session|sess|sessionid|phpsessid|jsessionid|asp\.net_sessionid)="
    r"(?P<secret>[^\s;&\"'\\,<>]{16,1024})"
)
NEAR = ["bearer", "Basic", "baſic", "basıc", "session", "sess", "SESSIONID", "phpsessid", "jsessionid", "ſeſſion", " ",
        "asp.net_sessionid", "sessİon", "\t", "%20", "=", "-", "_", "é", "\n", "abcdefgh", "ABCDEFGHIJKLMNOPQR",
        "\u212a", "'"]  # fmt: skip


@given(st.lists(st.sampled_from(NEAR), max_size=9).map("".join))
@settings(deadline=None, max_examples=300)
def test_the_quick_patterns_of_headers_find_what_plain_ones_do(text: str) -> None:
    quick, plain = headers._SCHEMED.finditer(text), SCHEMED.finditer(text)
    assert [found.span("secret") for found in quick] == [found.span("secret") for found in plain]
    quick, plain = headers._SESSION.finditer(text), SESSION.finditer(text)
    assert [found.span("secret") for found in quick] == [found.span("secret") for found in plain]
