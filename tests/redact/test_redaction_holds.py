from __future__ import annotations

import re
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soma.harvester.redact import Redactor
from soma.text import clip

from .planted import AROUND, Planter

KEY = b"a key of this test, 32 bytes long"
PARTS = [text for samples in Planter(3).in_place().values() for text, _ in samples]
PARTS += [secret for secrets in Planter(4).tokens().values() for secret in secrets]
GLUE = [" ", "\n", "=", ":", '"', "'", "\\n", '\\"', "password=", "token: ", "--", "Bearer ", "://", "@", "é",
"[REDACTED:",
        "[REDACTED:token:9f3c]", "]", "secret=[REDACTED:aws-secret:0a1b]", "{", "}", ";", "-----BEGIN "]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PARTS + GLUE) | st.text(max_size=12), max_size=14).map("".join)
HALF = re.compile(r"\[REDACTED(?!:[a-z0-9-]{1,24}:[0-9a-f]{4}\])")


@given(TEXTS)
@settings(deadline=None, max_examples=400)
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = Redactor(KEY).text(text)
    assert Redactor(KEY).text(once) == once


@given(TEXTS, st.integers(0, 300))
@settings(deadline=None, max_examples=400)
def test_a_bounded_text_keeps_its_bound_and_its_markers(text: str, limit: int) -> None:
    text = text.replace("[REDACTED", "")
    bounded = Redactor(KEY).bounded(text, limit)
    assert len(bounded.encode("utf-8", "surrogatepass")) <= limit
    assert not HALF.search(bounded)
    whole = Redactor(KEY).text(text)
    assert whole.startswith(bounded.removesuffix("…")) or bounded == whole


@pytest.mark.parametrize("at", [10, 40, 48, 60, 90, 99, 100, 101])
def test_a_secret_across_the_bound_never_stays_in_half(at: int) -> None:
    for secret in (Planter(1).tokens()["github"][0], Planter(1).tokens()["jwt"][0], Planter(1).pem("RSA")):
        text = "x " * (at // 2) + " " + secret + " and more" * 4000
        bounded = Redactor(KEY).bounded(text, 100)
        assert secret[:6] not in bounded
        assert secret[20:30] not in bounded
        assert bounded.endswith("…")


def test_a_secret_at_the_end_of_what_was_looked_at_is_not_kept_in_half() -> None:
    pem = Planter(2).pem("RSA")
    secret = Planter(2).tokens()["openai"][1]
    for shift in range(0, 160, 7):
        # The key shrinks to a marker, which pulls the cut end of the window inside the bound.
        tail = " ".join([secret] * 3)
        text = pem + "\n" + "y" * (2048 + 8192 - len(pem) - 1 - shift) + " " + tail
        for bounded in (
            Redactor(KEY).bounded(text, 2048),
            Redactor(KEY).bounded(pem * 9 + " " * shift + tail, 2048),
        ):
            assert secret[3:12] not in bounded
    clipped = clip("z " * 8180 + secret)
    assert secret[3:9] not in Redactor(KEY).bounded(clipped, 20_000)


def test_bounds_count_bytes_and_cut_whole_characters() -> None:
    redacting = Redactor(KEY)
    for text in ("é" * 100, "日本語" * 50, "😀" * 40, "a" * 99 + "😀"):
        for limit in range(110):
            bounded = redacting.bounded(text, limit)
            assert len(bounded.encode()) <= limit
            assert bounded == text or bounded.endswith("…") or limit < 3
            assert text.startswith(bounded.removesuffix("…"))
    assert redacting.bounded("a" * 10, 10) == "a" * 10
    assert redacting.bounded("a" * 11, 10) == "a" * 7 + "…"


@pytest.mark.parametrize(
    "unit",
    ["a", "-----BEGIN ", "-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----" + "A" * 20,
    "-----END PRIVATE KEY-----",
     "://", "://a:", "@://", "password=", "token=", "token='", "secret=\\\"", 'key":"', "Authorization: ",
     "bearer ", "cookie: a=",
     "session=", "mysql -p", "curl -u a", "https ", "sk-", "sk-a1", "eyJ", "eyJabcdefghijk.", "AKIA",
     "AKIA" + "A1B2C3D4E5F6G7H8",
     "xoxb-", "[REDACTED:", "[REDACTED:token:9f3c]", "<password>", "--token ", '"--token",', "a.", "A1b2.",
     "0123456789:AA", "\\n",
     "pass", "passpass=x1y2z3w4 ", "password=a1b2c3d4;", "M" * 24 + ".abcdef.", "ghp_" + "a1B2" * 9 + "-", "é",
     "İ=password "],
)  # fmt: skip
def test_hostile_text_costs_linear_time(unit: str) -> None:
    # What is not linear takes minutes for so much; what is takes seconds on a slow machine too.
    text = unit * (400_000 // len(unit))
    redacting = Redactor(KEY, emails=True, phones=True)
    began = process_time()
    redacting.text(text)
    assert process_time() - began < 6.0
    began = process_time()
    redacting.bounded(text, 2048)
    assert process_time() - began < 0.5


def test_values_are_redacted_at_any_depth_in_keys_and_under_secret_names() -> None:
    planter = Planter(8)
    token, word = planter.tokens()["github"][0], "hun" + "ter2"
    value: dict[str, Any] = {
        "note": f"use {token}", "password": word, "api_key": "short1", "token": "the", "tokens": 5, token: "x",
        "headers": {"Authorization": f"Bearer {token}", "X-Api-Key": planter.of("abcdef0123456789", 32)},
        "env": [{"name": "DB_PASSWORD", "value": word}, {"name": "PATH", "value": "/bin"}],
        "argv": ["tool", "--password", word, "--token", "${TOKEN}", "-v"],
        "unset": {"password": None, "secret": True, "api_key": 7, "client_secret": "${SECRET}", "passwd": "<password>"},
        "nested": json_deep(3000, {"password": word}),
    }  # fmt: skip
    redacted = Redactor(KEY).value(value)
    assert word not in flat(redacted)
    assert token not in flat(redacted)
    assert redacted["headers"]["Authorization"].startswith("Bearer [REDACTED:")
    assert redacted["headers"]["X-Api-Key"].startswith("[REDACTED:api-key:")
    assert redacted["env"][0]["value"] == redacted["password"] == redacted["argv"][2]
    assert redacted["api_key"].startswith("[REDACTED:api-key:")
    assert redacted["unset"] == value["unset"]
    assert redacted["env"][1] == value["env"][1]
    assert redacted["token"] == "the" and redacted["tokens"] == 5
    assert redacted["argv"][4:] == ["${TOKEN}", "-v"]
    assert value["password"] == word
    again = Redactor(KEY).value(redacted)
    assert flat(again) == flat(redacted)


def json_deep(depth: int, inside: Any) -> Any:
    for level in range(depth):
        inside = [inside] if level % 2 else {"a": inside}
    return inside


def flat(value: Any) -> str:
    seen: list[str] = []
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            waiting += item
        else:
            seen.append(str(item))
    return "\n".join(seen)


NAMES = st.sampled_from(["password", "token", "name", "value", "key", "x"]) | TEXTS
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
@settings(deadline=None, max_examples=150)
def test_any_value_comes_back_in_its_shape(value: Any) -> None:
    redacted = Redactor(KEY).value(value)
    assert type(redacted) is type(value)
    assert flat(Redactor(KEY).value(redacted)) == flat(redacted)


def test_a_planted_secret_in_real_surroundings_is_found_in_values_too() -> None:
    for kind, secrets in Planter(11).tokens().items():
        for secret in secrets:
            for around in AROUND:
                text = flat(Redactor(KEY).value({"content": [{"text": around.replace("@@", secret)}]}))
                assert secret[8:24] not in text, kind
