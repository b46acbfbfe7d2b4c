"""Seeded agent sessions, for measuring: as long as real ones, with texts from the standard library.

Sizes follow what transcripts look like: sessions of 5 to 150 calls, short reasons, outputs of a few hundred bytes to
50 KB (log-normal, median 1.2 KB), one call in twelve failing, the same few commands with changing arguments.
"""

from __future__ import annotations

import random
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

EPOCH = 1_780_000_000.0
_PROGRAMS = ("git status", "pytest -q", "ls -la", "rg -n", "sed -n 1,80p", "npm run build", "curl -s", "python -m")
_PATHS = ("src/app/server.py", "tests/test_api.py", "docs/guide.md", "package.json", "lib/queue/worker.ts")
_MODELS = ("claude-sonnet-4-5", "gpt-5.1-codex", "claude-opus-4-1")
_ERRORS = ("No such file or directory", "Command exited with code 1", "Permission denied", "ENOENT: missing")


class Call(NamedTuple):
    """One call of a tool and what came of it, in no format yet."""

    tool: str
    arguments: dict[str, Any]
    reasoning: str
    output: str
    failed: bool
    started: float
    took: float


class Session(NamedTuple):
    """One run of an agent."""

    name: str
    agent: str
    model: str
    request: str
    calls: list[Call]


@cache
def library() -> str:
    """The text all texts are cut from."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    files = sorted(folder.glob("*.py"))
    return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in files)[: 6 << 20]


def sessions(seed: int, calls: tuple[int, int] = (5, 150)) -> Iterator[Session]:
    """Sessions without end; the same for the same seed."""
    chance = random.Random(seed)
    number = 0
    while True:
        yield session(chance, f"{chance.getrandbits(64):016x}-{number}", calls)
        number += 1


def session(chance: random.Random, name: str, calls: tuple[int, int]) -> Session:
    """One session with between ``calls`` calls."""
    clock = EPOCH + chance.random() * 1e6
    made = []
    for _ in range(chance.randint(*calls)):
        call = _call(chance, clock)
        clock += call.took + chance.expovariate(0.2)
        made.append(call)
    agent = f"agent-{chance.randint(1, 12)}"
    return Session(name, agent, chance.choice(_MODELS), _cut(chance, chance.randint(40, 400)), made)


def _call(chance: random.Random, at: float) -> Call:
    failed = chance.random() < 1 / 12
    size = min(int(chance.lognormvariate(7.1, 1.2)), 50_000)
    path = chance.choice(_PATHS)
    arguments: dict[str, Any]
    match chance.choices(("exec", "read", "edit", "grep", "web_fetch"), (5, 3, 2, 1, 1))[0]:
        case "exec":
            tool, arguments = "exec", {"command": f"cd /srv/app && {chance.choice(_PROGRAMS)} {path}"}
        case "read":
            tool, arguments = "read", {"path": path, "offset": chance.randint(0, 400)}
        case "edit":
            size = min(size, 300)
            tool, arguments = "edit", {"path": path, "oldText": _cut(chance, 300), "newText": _cut(chance, 400)}
        case "grep":
            tool, arguments = "grep", {"pattern": f"def {chance.choice('abcdef')}_", "path": "src"}
        case _:
            tool, arguments = "web_fetch", {"url": f"https://docs.example.org/page/{chance.randint(1, 500)}"}
    output = f"{path}: {chance.choice(_ERRORS)}" if failed else _cut(chance, size)
    return Call(tool, arguments, _cut(chance, chance.randint(60, 500)), output, failed, at, chance.expovariate(1.0))


def _cut(chance: random.Random, size: int) -> str:
    text = library()
    start = chance.randrange(len(text) - size)
    return text[start : start + size]
