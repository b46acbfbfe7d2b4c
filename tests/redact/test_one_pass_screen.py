from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soma.harvester.redact import Redactor, headers, scan, screen
from soma.harvester.redact.scan import Scanner, compiled
from soma.harvester.redact.screen import Look, Screen

from .planted import Planter

pytest.importorskip("hyperscan")

SECRET = Planter(5).tokens()["github"][0]
WORDS = ["", "a", "plain", "password=hunter22", SECRET, "[REDACTED:", "é", "\U0001f600", "\n"]


def looks(texts: list[str], *, compiled_after: int | None = -1) -> list[Look]:
    return Screen(compiled_after=compiled_after).looks(texts)


@given(st.lists(st.lists(st.sampled_from(WORDS), max_size=4).map("".join), max_size=6))
@settings(deadline=None, max_examples=60)
def test_each_text_is_looked_at_as_closely_as_alone_or_closer(texts: list[str]) -> None:
    assert all(one >= alone for one, [alone] in zip(looks(texts), [looks([text]) for text in texts], strict=True))


def test_hits_are_told_for_the_text_that_holds_them() -> None:
    texts = ["", "plain", "é" * 5, f"é {SECRET}", "", "password=hunter22", "plain", ""]
    none, context = Look.NONE, Look.CONTEXT
    assert looks(texts) == [none, none, none, Look.ALL, none, context, none, none]
    assert looks(texts) == looks(texts, compiled_after=None)
    assert looks(texts * 2, compiled_after=None) == looks(texts) * 2
    assert looks([]) == [] and looks(["", ""]) == [none, none]


def test_what_begins_in_one_text_and_ends_in_the_next_hides_nothing() -> None:
    halves = [(SECRET[:at], SECRET[at:] + " " + SECRET) for at in range(1, len(SECRET))]
    assert all(looks(list(pair))[1] is Look.ALL for pair in halves)


@pytest.mark.parametrize("flood", ["://a" + "@" * 50_000, "[REDACTED:" * 5_000, "session=" * 5_000])
def test_texts_of_nothing_but_hits_are_looked_at_closely_and_the_others_as_ever(flood: str) -> None:
    texts = ["plain", flood, "password=hunter22", "plain"]
    assert looks(texts) == [Look.NONE, Look.ALL, Look.CONTEXT, Look.NONE]


def test_what_is_too_long_to_count_is_looked_at_closely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "_MOST_BYTES", 100)
    assert looks(["plain", "p" * 101, "cookie=abcdef"]) == [Look.NONE, Look.ALL, Look.CONTEXT]


def test_threads_do_not_disturb_each_other() -> None:
    texts = [["plain " * 5_000, f"{number} {SECRET}.", "plain"] for number in range(40)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(looks, texts)) == [[Look.NONE, Look.ALL, Look.NONE]] * len(texts)


def test_expressions_are_compiled_only_for_who_looks_at_much(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def none_compiled(*_: object) -> None:
        asked.append(len(asked))

    monkeypatch.setattr(screen, "scanner", none_compiled)
    one = Screen(compiled_after=1000)
    for times in range(3):
        assert one.looks(["x" * 600, SECRET]) == [Look.NONE, Look.ALL]
        assert len(asked) == times


def test_without_hyperscan_or_its_processor_there_is_no_scanner(monkeypatch: pytest.MonkeyPatch) -> None:
    import hyperscan

    def fails(*_: object, **__: object) -> None:
        raise hyperscan.ArchitectureError("error code -11")

    with monkeypatch.context() as patch:
        patch.setattr(Scanner, "__init__", fails)
        assert compiled([(1, "a")], 0) is None
    monkeypatch.setitem(__import__("sys").modules, "hyperscan", None)
    assert compiled([(1, "a")], 0) is None


def test_secrets_are_marked_the_same_either_way() -> None:
    texts = [f"{before}{secret}" for secrets in Planter(6).tokens().values() for secret in secrets
             for before in ("", "\\n", "key: ", "\ud83d ")]  # fmt: skip
    texts += [text for samples in Planter(7).in_place().values() for text, _ in samples]
    shown = []
    for after in (None, -1):
        redactor = Redactor(b"a key of this test, 32 bytes long", screen=Screen(compiled_after=after))
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
