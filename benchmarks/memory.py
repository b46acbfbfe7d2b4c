"""How much memory does a harvest take? Peak RSS of one worker on huge sources, against the bound soma promises.

The bound is 250 MB + 1.1 x the longest line: memory follows the longest record, not the size of the file. A document of
one JSON value is one line, however it is broken into lines. Every case
is written to a temporary folder by one process and harvested with one job by another, whose peak is read from
``getrusage``. Neither is this process: a child begins with what its parent holds. Sizes are in MB of 10^6 bytes.

    python benchmarks/memory.py [--mb 300] [--line-mb 200] [--case NAME ...] [--bound]

Texts are drawn from a few thousand words and numbers, so that they pack about as well as the output of tools does.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from soma.harvester.harvest import Options, harvest
from soma.vault import VaultRoot

BASE_MB = 250
PER_LINE = 1.1
FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
_UUID_START = re.compile(r"[0-9a-f]{4}(?=[0-9a-f]{4}-[0-9a-f]{4}-)")
_TRACE_START = re.compile(r'(?<="traceId": ")[0-9a-f]{6}')
_NOW = 1_772_445_600


class Case(NamedTuple):
    """One huge source: ``lines`` are its lines, or the pieces of a document, written to a file of the name ``name``."""

    name: str
    meaning: str
    lines: Callable[[float, float], Iterator[str]]
    document: bool = False


class Measured(NamedTuple):
    """What one harvest took."""

    size: int
    longest: int
    peak: int
    seconds: float
    decisions: int
    quarantined: int

    @property
    def allowed(self) -> float:
        """The bound in bytes."""
        return BASE_MB * 1e6 + PER_LINE * self.longest


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--mb", type=float, default=300, help="size of the sources of normal lines")
    arguments.add_argument("--line-mb", type=float, default=200, help="size of the one huge line")
    arguments.add_argument("--case", choices=sorted(CASES), action="append", help="only these cases")
    arguments.add_argument("--bound", action="store_true", help="exit code 1 when a case is over the bound")
    arguments.add_argument("--write", nargs=2, metavar=("CASE", "SOURCE"), help=argparse.SUPPRESS)
    arguments.add_argument("--harvest", nargs=2, metavar=("SOURCE", "VAULT"), help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.write:
        _write(CASES[given.write[0]], Path(given.write[1]), given.mb, given.line_mb)
        return 0
    if given.harvest:
        _harvest(*given.harvest)
        return 0
    print(f"{'case':<28}{'source':>10}{'longest line':>14}{'peak RSS':>11}{'bound':>9}{'of bound':>10}{'seconds':>9}")
    over = 0
    for name in given.case or CASES:
        with tempfile.TemporaryDirectory() as folder:
            found = measured(CASES[name], Path(folder), given.mb, given.line_mb)
        over += found.peak > found.allowed
        print(
            f"{name:<28}{found.size / 1e6:>7.0f} MB{found.longest / 1e6:>11.2f} MB{found.peak / 1e6:>8.0f} MB"
            f"{found.allowed / 1e6:>6.0f} MB{100 * found.peak / found.allowed:>8.0f} %{found.seconds:>9.1f}"
            f"   {found.decisions:,} decisions, {found.quarantined:,} quarantined",
            flush=True,
        )
    return 1 if over and given.bound else 0


def measured(case: Case, place: Path, mb: float, line_mb: float) -> Measured:
    """Write the source of a case and harvest it in a process of its own."""
    source = place / "sessions" / f"{case.name}.{'json' if case.document else 'jsonl'}"
    source.parent.mkdir()
    sizes = ["--mb", str(mb), "--line-mb", str(line_mb)]
    longest = _run(["--write", case.name, str(source), *sizes])["longest"]
    started = time.perf_counter()
    told = _run(["--harvest", str(source), str(place / "vault")])
    seconds = time.perf_counter() - started
    return Measured(source.stat().st_size, longest, told["peak"], seconds, told["decisions"], told["quarantined"])


def _run(arguments: list[str]) -> dict[str, int]:
    """What this programme tells when it is run with these arguments."""
    command = [sys.executable, __file__, *arguments]
    told: dict[str, int] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return told


def _write(case: Case, source: Path, mb: float, line_mb: float) -> None:
    """Write the source of a case and tell how long its longest line is."""
    longest = 0
    with source.open("w", encoding="utf-8") as stream:
        for line in case.lines(mb * 1e6, line_mb * 1e6):
            written = stream.write(line if case.document else line + "\n")
            longest = longest + written if case.document else max(longest, written)
    print(json.dumps({"longest": longest}))


def _harvest(source: str, vault: str) -> None:
    """Harvest and tell what it took; runs in the process that is measured."""
    summary = harvest([source], VaultRoot(Path(vault)), Options(jobs=1))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({"peak": peak, "decisions": summary.decisions, "quarantined": summary.quarantined}))


def _text(choice: random.Random, size: int) -> str:
    words = _words()
    parts: list[str] = []
    length = 0
    # A huge text repeats itself: only its length matters.
    while length < min(size, 1_000_000):
        word = (
            words[int(choice.paretovariate(1.1)) % len(words)]
            if choice.random() < 0.8
            else str(choice.randrange(10**6))
        )
        parts.append(word)
        length += len(word) + 1
    text = " ".join(parts)
    return (text * (size // max(len(text), 1) + 1))[:size]


@cache
def _words() -> list[str]:
    choice = random.Random(0)
    return ["".join(choice.choices("etaoinshrdlucmfw_/.-", k=choice.randint(2, 11))) for _ in range(5_000)]


def openclaw(size: float, _: float) -> Iterator[str]:
    """An OpenClaw session of so many bytes: calls and results of 0.2 to 20 kB."""
    written = 0
    for line in _openclaw_lines(random.Random(1)):
        yield line
        written += len(line)
        if written > size:
            return


def openclaw_with_a_huge_line(_: float, size: float) -> Iterator[str]:
    """A small OpenClaw session in which one result is huge."""
    for number, line in enumerate(_openclaw_lines(random.Random(2))):
        yield line
        if number == 100:
            yield _entry("huge", "e99", {**_result("call_49", _text(random.Random(3), int(size))), "timestamp": 0})
        if number == 200:
            return


def openclaw_with_a_huge_broken_line(_: float, size: float) -> Iterator[str]:
    """The same, but that line is no JSON."""
    for line in openclaw_with_a_huge_line(0, size):
        yield line[:-1] if len(line) > 1e6 else line


def claude_code(size: float, _: float) -> Iterator[str]:
    """A Claude Code session of so many bytes."""
    written = 0
    for line in _claude_code_lines(random.Random(4)):
        yield line
        written += len(line)
        if written > size:
            return


def claude_code_with_a_huge_line(_: float, size: float) -> Iterator[str]:
    """A small Claude Code session in which one result is huge."""
    for number, line in enumerate(_claude_code_lines(random.Random(5))):
        if number == 100:
            record = json.loads(line)
            record["message"]["content"][0]["content"] = _text(random.Random(6), int(size))
            line = json.dumps(record)
        yield line
        if number == 200:
            return


def openclaw_with_a_huge_line_of_small_values(_: float, size: float) -> Iterator[str]:
    """The same, but what is huge is the details: numbers and short texts."""
    choice = random.Random(7)
    rows = [{"name": _text(choice, 12), "size": number, "mode": "0644"} for number in range(1_000)]
    details = {"status": "completed", "exitCode": 0, "rows": rows * int(size / len(json.dumps(rows)) + 1)}
    for line in openclaw_with_a_huge_line(0, 100):
        if '"id": "huge"' in line:
            record = json.loads(line)
            record["message"]["details"] = details
            line = json.dumps(record)
        yield line


def langchain_document(_: float, size: float) -> Iterator[str]:
    """A LangSmith export in one array: the shipped runs over and over, each time with new ids."""
    runs = (FIXTURES / "langchain" / "runs_flat.jsonl").read_text(encoding="utf-8").splitlines()
    yield from _array("[", runs, _UUID_START, 4, size, "]")


def otel_document(_: float, size: float) -> Iterator[str]:
    """An OTLP export in one object: the shipped traces over and over, each time with new ids."""
    lines = (FIXTURES / "otel" / "openinference-langchain.jsonl").read_text(encoding="utf-8").splitlines()
    groups = [json.dumps(group) for line in lines for group in json.loads(line)["resourceSpans"]]
    yield from _array('{"resourceSpans": [', groups, _TRACE_START, 6, size, "]}")


def inspect_document(_: float, size: float) -> Iterator[str]:
    """An Inspect log: the shipped sample over and over, with tool results of up to 20 kB."""
    choice = random.Random(8)
    log = json.loads((FIXTURES / "inspect" / "log_tool_call_error.json").read_text(encoding="utf-8"))
    (sample,) = log.pop("samples")
    written, number = 0, 0
    yield json.dumps(log)[:-1] + ', "samples": ['
    while written < size:
        for message in sample["messages"]:
            if message["role"] == "tool":
                message["content"] = _text(choice, choice.choice([200, 1_000, 4_000, 20_000]))
        piece = ("," if number else "") + json.dumps({**sample, "id": number})
        yield piece
        written += len(piece)
        number += 1
    yield "]}"


def _array(start: str, items: list[str], ids: re.Pattern[str], digits: int, size: float, end: str) -> Iterator[str]:
    yield start
    written, copy = 0, 0
    while written < size:
        for number, item in enumerate(items):
            piece = ("," if copy or number else "") + ids.sub(f"{copy:0{digits}x}", item)
            yield piece
            written += len(piece)
        copy += 1
    yield end


def _openclaw_lines(choice: random.Random) -> Iterator[str]:
    yield json.dumps({"type": "session", "version": 3, "id": "memory", "timestamp": _at(0), "cwd": "/srv/memory"})
    yield _entry("e0", None, {"role": "user", "content": [{"type": "text", "text": "tidy the inbox"}]})
    number = 0
    while True:
        call: dict[str, object] = {
            "role": "assistant", "model": "glm-5", "provider": "z-ai", "stopReason": "toolUse",
            "usage": {"input": 900, "output": 40, "cacheRead": 0, "cacheWrite": 0},
            "content": [
                {"type": "thinking", "thinking": _text(choice, choice.randint(100, 2_000))},
                {"type": "toolCall", "id": f"call_{number}", "name": "exec",
                 "arguments": {"command": f"himalaya message read {number} {_text(choice, choice.randint(10, 400))}"}},
            ],
        }  # fmt: skip
        yield _entry(f"e{2 * number + 1}", f"e{2 * number}", call)
        output = _text(choice, choice.choice([200, 1_000, 4_000, 20_000]))
        yield _entry(f"e{2 * number + 2}", f"e{2 * number + 1}", _result(f"call_{number}", output))
        number += 1


def _result(call_id: str, text: str) -> dict[str, object]:
    return {
        "role": "toolResult", "toolCallId": call_id, "toolName": "exec", "isError": False,
        "content": [{"type": "text", "text": text}], "details": {"status": "completed", "exitCode": 0},
    }  # fmt: skip


def _entry(native: str, parent: str | None, message: dict[str, object]) -> str:
    return json.dumps({"type": "message", "id": native, "parentId": parent, "timestamp": _at(0), "message": message})


def _claude_code_lines(choice: random.Random) -> Iterator[str]:
    base = {"sessionId": "memory", "isSidechain": False, "userType": "external", "cwd": "/srv/memory",
            "version": "2.0.1"}  # fmt: skip
    before = "u"
    yield json.dumps({**base, "type": "user", "uuid": "u", "parentUuid": None, "timestamp": _at(0),
                      "message": {"role": "user", "content": "tidy the inbox"}})  # fmt: skip
    number = 0
    while True:
        call = {"type": "tool_use", "id": f"toolu_{number}", "name": "Bash",
                "input": {"command": f"himalaya read {number} {_text(choice, choice.randint(10, 400))}"}}  # fmt: skip
        thought = {"type": "thinking", "thinking": _text(choice, choice.randint(100, 2_000))}
        message = {"id": f"msg_{number}", "role": "assistant", "type": "message", "model": "claude-sonnet-4-5",
                   "content": [thought, call], "usage": {"input_tokens": 10, "output_tokens": 5}}  # fmt: skip
        yield json.dumps({**base, "type": "assistant", "uuid": f"a{number}", "parentUuid": before,
                          "timestamp": _at(2 * number + 1), "message": message})  # fmt: skip
        output = _text(choice, choice.choice([200, 1_000, 4_000, 20_000]))
        answer = {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": output, "is_error": False}
        yield json.dumps({**base, "type": "user", "uuid": f"r{number}", "parentUuid": f"a{number}",
                          "timestamp": _at(2 * number + 2), "message": {"role": "user", "content": [answer]},
                          "toolUseResult": {"stdout": output, "stderr": "", "interrupted": False}})  # fmt: skip
        before = f"r{number}"
        number += 1


def _at(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(_NOW + second))


CASES = {
    case.name: case
    for case in (
        Case("openclaw-huge-line", "one huge result among normal lines", openclaw_with_a_huge_line),
        Case("openclaw-huge-small-values", "one huge list of small values", openclaw_with_a_huge_line_of_small_values),
        Case("openclaw-huge-broken-line", "one huge line that is no JSON", openclaw_with_a_huge_broken_line),
        Case("openclaw", "a long session", openclaw),
        Case("claude-code-huge-line", "one huge result among normal lines", claude_code_with_a_huge_line),
        Case("claude-code", "a long session", claude_code),
        Case("langchain-document", "one JSON array", langchain_document, document=True),
        Case("otel-document", "one JSON object", otel_document, document=True),
        Case("inspect-document", "one JSON object", inspect_document, document=True),
    )
}

if __name__ == "__main__":
    sys.exit(main())
