"""Names of files and folders: a token between slashes, glued to other parts, or before a file ending."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from soma.harvester.redact import Redactor
from tests.conftest import ROOT

from .planted import Planter

MARKER = re.compile(r"\[REDACTED:([a-z0-9-]+):[0-9a-f]{4}\]")
AROUND = [
    "/tmp/@@/s1.jsonl", "/srv/traces/@@", "/tmp/@@.jsonl", "/tmp/@@.jsonl.bak-1", "/tmp/run_@@_2/s1.jsonl",
    "/tmp/run-@@-2/s1.jsonl", "C:\\traces\\@@\\s1.jsonl", "s3://bucket/@@/s1.jsonl", "file:///tmp/@@/s1.jsonl",
]  # fmt: skip


def redactor() -> Redactor:
    return Redactor(b"a key of this test, 32 bytes long")


@pytest.mark.parametrize("kind", sorted(set(Planter(0).tokens()) - {"private-key"}))
def test_a_token_is_found_wherever_it_stands_in_a_path(kind: str) -> None:
    for seed in (1, 2, 3):
        for secret in Planter(seed).tokens()[kind]:
            if "/" in secret:
                continue
            for around in AROUND:
                redacted = redactor().path(around.replace("@@", secret))
                assert MARKER.findall(redacted) == [kind], (around, redacted)
                assert secret[4:-6] not in redacted, (around, redacted)
                assert redacted.startswith(around.split("@@")[0])
                assert redactor().path(redacted) == redacted


def test_a_key_between_slashes_is_found_in_running_text_too() -> None:
    for key in Planter(4).tokens()["aws-key"]:
        redacted = redactor().text(f"cat /tmp/{key}/s1.jsonl /srv/{key}")
        assert key not in redacted and MARKER.findall(redacted) == ["aws-key", "aws-key"]
    letters = "ABCDEFGHIJKLMNOPQRST"
    for ordinary in (f"x{'AKI' + 'A'}{letters[:16]}", f"{'AKI' + 'A'}{letters[:17]}", f"+{'AKI' + 'A'}{letters[:16]}"):
        assert redactor().text(ordinary) is ordinary


def test_paths_of_this_repository_and_ordinary_ones_stay_as_they_are() -> None:
    paths = [str(path) for folder in ("adapters", "tests", "fixtures") for path in (ROOT / folder).rglob("*")]
    paths += [
        "/home/user/.openclaw/agents/main/sessions/0b3c5a3e-1111-4222-8333-444455556666.jsonl",
        "/tmp/disk-usage-analyzer-with-a-long-name/task-generator-for-nested-workflows.json",
        "/srv/rollout-2025-10-27T19-55-981c87cb-1111-4222-8333-444455556666.jsonl.zst",
        "/data/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b/part-00000.json",
    ]
    redacting = redactor()
    assert len(paths) > 200
    assert [redacting.path(path) for path in paths] == paths
    assert not redacting.counts


@pytest.mark.corpus
def test_paths_of_real_traces_stay_as_they_are(corpus: Path) -> None:
    redacting = redactor()
    paths = [str(path) for path in corpus.rglob("*")]
    assert [path for path in paths if redacting.path(path) != path] == []
