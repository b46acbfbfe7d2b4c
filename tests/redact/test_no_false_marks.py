from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from soma.harvester.redact import Redactor

ORDINARY = [
    "commit 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    "0b3c5a3e-1111-4222-8333-444455556666",
    "id: toolu_01AbCdEfGhIjKlMnOpQrStUv, call_abc123DEF456ghi789JKL",
    "2026-01-02T03:04:05.678Z",
    "/home/user/projects/some-very-long-directory-name/with_a_file_name.py",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
    "sha512-Xn3fVXBt5Gk0CGGhE5nEJdPpzs9cVbGxOnaw2LKF4V1gGF8q2PMQTcZ1zRNzYr7xYj0sVLL5hQf0Ew==",
    "max_tokens=4096 token_count: 17, tokens: 123456, next_token=eos",
    "the token: it was expired; the password: please enter yours",
    "password: required, secret: optional, token: string;",
    "password=password&token=token&secret=xxx",
    "api_key=YOUR_API_KEY password=<password> token=${TOKEN} secret=$SECRET key={{ key }}",
    'api_key = os.environ["API_KEY"]; token = get_token(user); secret = config.secret',
    "def login(user: str, password: str, token: Optional[str] = None) -> None:",
    "this.password = password; const token = await session.token();",
    'if (token === "abc") { return token.value; }',
    "type Props = { password: string; apiKey?: string }",
    '{"password": null, "secret": true, "api_key": "", "token": "the"}',
    '{"token": "Ġhello", "logprob": -0.1}, {"token": "world", "bytes": [1]}',
    "sessionKey: agent:main:subagent:0b3c5a3e-1111-4222-8333-444455556666",
    "session_id=0b3c5a3e-1111-4222-8333-444455556666 sessionId: tide-fjord",
    "PWD=/home/user OLDPWD=/tmp pwd: /srv",
    "key: value, primary_key=id, cache_key=user:17:orders, public_key_path=~/.ssh/id_ed25519.pub",
    "use --password option or --token flag; --password-stdin reads it; --api-key-file path",
    "Bearer authentication and Basic authentication are supported; Basic Operations",
    "find / -type d -name mysql -print 2>/dev/null; mkdir -p build; cp -a x y",
    "http://localhost:8080/x?y=a@b and git@github.com:me/repo.git and user@host:path",
    "cookie: accepted; Cookie policy: see below",
    "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG\n-----END CERTIFICATE-----",
    'if "-----BEGIN PRIVATE KEY-----" in text: raise ValueError("key")',
    "ssh-rsa-keys and sk-learn-like-names-with-many-parts-in-them",
    "task-generator-for-nested-workflows, disk-usage-analyzer-with-long-name",
    "def unix_getpass(prompt='Password: ', stream=None):\n    return 1",
    "ssl_key=/etc/ssl/private/Server2/Certificates/example and KEY=/usr/local/lib/python3/distpackages/module",
    "signing_key: /var/lib/docker/overlay2/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b/merged",
    "import { createHash, randomBytesForTestingPurposes2 } from 'node:crypto'",
]


def test_ordinary_text_stays_the_same_object() -> None:
    redacting = Redactor(b"k")
    for text in ORDINARY:
        assert redacting.text(text) is text, redacting.text(text)
        assert redacting.bounded(text, 4096) is text
    assert not redacting.counts


def _texts(corpus: Path) -> Iterator[str]:
    for folder in ("openclaw", "claude-code", "langchain", "otel", "tau-bench", "codex"):
        for path in sorted(path for path in (corpus / folder).rglob("*.json*") if path.is_file()):
            data = path.read_text(encoding="utf-8", errors="replace")
            for part in [data] if path.suffix == ".json" else data.splitlines():
                try:
                    yield from _strings(json.loads(part))
                except ValueError:
                    yield part


def _strings(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            waiting += item


@pytest.mark.corpus
def test_real_traces_without_secrets_get_no_marks(corpus: Path) -> None:
    redacting = Redactor(b"k")
    seen: set[str] = set()
    changed: list[str] = []
    for text in _texts(corpus):
        if text not in seen:
            seen.add(text)
            redacted = redacting.text(text)
            if redacted is not text:
                changed.append(redacted)
    assert sum(map(len, seen)) > 5_000_000
    assert changed == []
