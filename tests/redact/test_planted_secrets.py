from __future__ import annotations

import re

import pytest

from soma.harvester.redact import Redactor

from .planted import AROUND, Planter

MARKER = re.compile(r"\[REDACTED:([a-z0-9-]+):[0-9a-f]{4}\]")
SEEDS = (1, 2, 3)
TOKEN_KINDS = sorted(Planter(0).tokens())
PLACED_KINDS = sorted(Planter(0).in_place())


def redactor() -> Redactor:
    return Redactor(b"a key of this test, 32 bytes long")


@pytest.mark.parametrize("kind", TOKEN_KINDS)
def test_a_secret_with_a_shape_is_found_wherever_it_stands(kind: str) -> None:
    for seed in SEEDS:
        for secret in Planter(seed).tokens()[kind]:
            for around in AROUND:
                text = around.replace("@@", secret)
                redacted = redactor().text(text)
                assert secret[8:24] not in redacted, (around, redacted)
                assert MARKER.search(redacted), (around, redacted)
    found = [m for s in Planter(9).tokens()[kind] for m in MARKER.findall(redactor().text(s))]
    assert found == [kind] * len(found) and found


@pytest.mark.parametrize("kind", PLACED_KINDS)
def test_a_secret_is_found_by_where_it_stands(kind: str) -> None:
    for seed in SEEDS:
        for text, secret in Planter(seed).in_place()[kind]:
            redacted = redactor().text(text)
            assert secret not in redacted and secret[3:-3] not in redacted, (text, redacted)
            assert MARKER.findall(redacted) == [kind], (text, redacted)
            # Only the secret goes: what stood around it still stands.
            before, after = text.split(secret)
            assert redacted.startswith(before) and redacted.endswith(after), (text, redacted)


def test_every_kind_has_three_planted_samples_or_more() -> None:
    counts = {kind: len(samples) * len(SEEDS) * len(AROUND) for kind, samples in Planter(0).tokens().items()}
    counts |= {kind: len(samples) * len(SEEDS) for kind, samples in Planter(0).in_place().items()}
    assert min(counts.values()) >= 3
    assert len(counts) >= 45


def test_a_private_key_is_found_when_either_end_is_cut_off() -> None:
    whole = Planter(5).pem("RSA")
    inner = whole.splitlines()[6]
    for cut in (whole[:400], whole[:700] + "\n", whole[300:]):
        redacted = redactor().text("key:\n" + cut)
        assert MARKER.findall(redacted) == ["private-key"], redacted
        assert inner[:20] not in redacted


def test_several_secrets_in_one_text_are_all_marked_and_counted() -> None:
    planter = Planter(6)
    redacting = redactor()
    texts = [text for samples in planter.in_place().values() for text, _ in samples]
    joined = "\n".join(texts)
    redacted = redacting.text(joined)
    assert sum(redacting.counts.values()) == len(MARKER.findall(redacted)) >= len(texts)
    assert redacting.take_counts()["password"] >= 20
    assert not redacting.counts


def test_equal_secrets_have_equal_marks_and_only_under_the_same_key() -> None:
    secret = Planter(7).of("abcdefghij0123456789", 24)
    one, two = redactor().text(f"api_key={secret}"), redactor().text(f'"api_key": "{secret}"')
    assert MARKER.search(one)[0] == MARKER.search(two)[0]  # type: ignore[index]
    assert Redactor(b"another key").text(f"api_key={secret}") != one
    assert redactor().text(f"api_key={secret[::-1]}") != one


def test_addresses_and_numbers_of_people_are_an_option() -> None:
    text = "write to jane.doe@example.org or call +49 30 1234567"
    assert redactor().text(text) is text
    redacted = Redactor(b"k", emails=True, phones=True).text(text)
    assert MARKER.findall(redacted) == ["email", "phone"]
    added = Redactor(b"k", emails=True).text("+@click.option\n+jane.doe@example.org")
    assert added.startswith("+@click.option\n+[REDACTED:email:")
    inner = Redactor(b"k", emails=True).text("a\\n@cli.command()\\njane@example.org git@github.com:x/y.git")
    assert inner.startswith("a\\n@cli.command()\\n[REDACTED:email:") and inner.endswith("] git@github.com:x/y.git")


def test_a_key_in_base64_that_begins_like_a_path_is_found() -> None:
    for seed in SEEDS:
        key = "/" + Planter(seed).of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 39)
        assert MARKER.findall(redactor().text(f"aws_secret_access_key = {key}")) == ["aws-secret"]
        assert MARKER.findall(redactor().text(f"SharedAccessKey={key}{key}==")) == ["azure-key"]
