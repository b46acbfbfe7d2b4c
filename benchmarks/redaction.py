"""How many secrets are found, and what is marked that is none?

Recall: every kind is planted in every surrounding (``tests/redact/planted.py`` makes new secrets for each seed); found
means that a marker of the kind stands where the secret stood and no eight characters of it are left, whichever engine
looked at the texts first (RE2, which is always there, or Hyperscan, ``soma[fast]``).
Marks on real text: every file is read whole (JSON documents and lines as values, archives and databases cell by cell,
the rest as text) and each mark is listed: kind, source, byte offset of its record, shape of what was marked, and what
stood around it after redaction. No value is ever printed. ``KNOWN`` says what a person found when looking at them.

Speed: MB/s of processor time over what the agents of the folder said and what came back, the first 10 KiB of each text,
as a harvest looks at them; each way in turn in one run.

    python benchmarks/redaction.py [--seeds 20] [--personal] [--list] [--without site-packages] [--speed ROUNDS]
        [FOLDER ...]
"""

from __future__ import annotations

import argparse
import json
import re
import sqlite3
import sys
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import speed  # noqa: E402

from soma.adapters.blocks.head import HEAD_BYTES, Head  # noqa: E402
from soma.adapters.registry import recognise  # noqa: E402
from soma.harvester.redact import Redactor  # noqa: E402
from soma.harvester.redact.screen import ENGINES, Screen  # noqa: E402
from soma.identity import source_id  # noqa: E402
from soma.source import Source  # noqa: E402
from tests.redact.planted import AROUND, Planter  # noqa: E402

KEY = b"a key of this benchmark, 32 bytes"
KNOWN: tuple[tuple[str, str, str, str], ...] = (
    ("password", "test/configdata/cfgparser.2", "false", "a chat script, *passwd:*new*password*"),
    ("password", "ensurepip/_bundled/pip-", "false", "what is shown in place of one, with a colon before the stars"),
    ("password", "distutils/tests/test_config.py", "secret", "passwords in samples of a .pypirc"),
    ("password", "test/test_", "secret", "passwords that tests log in with"),
    ("password", "urllib/request.py", "secret", "the password of an example"),
    ("private-key", "test/certdata/", "secret", "keys that tests serve TLS with"),
    ("url-password", "test/test_urllib2net.py", "secret", "the password of a test's address"),
)
"""Looked at by hand: kind, part of the source's path, ``secret`` or ``false``, and why. The traces need no entry."""

_MARKER = re.compile(r"\[REDACTED:([a-z0-9-]+):[0-9a-f]{4}\]")
_LONG = re.compile(r"[^\s\[\]]{16,}")
_AROUND = 30
_NO_TEXT = frozenset({".pyc", ".so"})


class Mark(NamedTuple):
    """One mark on real text, told without telling what was marked."""

    kind: str
    source: str
    offset: int
    shape: str
    context: str


class Listening(Redactor):
    """Notes the shape of all that it marks."""

    def __init__(self, *, personal: bool) -> None:
        super().__init__(KEY, emails=personal, phones=personal)
        self.shapes: dict[str, list[str]] = defaultdict(list)

    def mark(self, kind: str, secret: str) -> str:
        marker = super().mark(kind, secret)
        self.shapes[marker].append(shape(secret))
        return marker


def shape(text: str) -> str:
    """``Abc-123`` as ``Aaa-000``, runs of more than three cut to three, at most 24 characters."""
    classes = "".join("0" if c.isdigit() else "A" if c.isupper() else "a" if c.isalpha() else c for c in text[:200])
    short = re.sub(r"(.)\1{3,}", r"\1\1\1+", classes.replace("\n", " "))
    return f"{short[:24]}… ({len(text)})" if len(short) > 24 else f"{short} ({len(text)})"


def recall(seeds: int) -> tuple[dict[str, Counter[str]], dict[str, Counter[str]]]:
    """By kind: planted and found in each surrounding."""
    planted: dict[str, Counter[str]] = defaultdict(Counter)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for seed in range(seeds):
        planter = Planter(1000 + seed)
        cases = [
            (kind, around, around.replace("@@", secret), secret)
            for kind, secrets in planter.tokens().items() for secret in secrets for around in AROUND
        ]  # fmt: skip
        for kind, texts in planter.in_place().items():
            cases += [(kind, text.replace(secret, "@@"), text, secret) for text, secret in texts]
        whole = [text for _, _, text, _ in cases]
        ways = [Redactor(KEY, screen=Screen(only=engine)) for engine in ENGINES]
        shown = [list(map(way.text, whole, way.looks(whole))) for way in ways]
        for (kind, around, _, secret), *told in zip(cases, *shown, strict=True):
            planted[kind][around] += 1
            found[kind][around] += all(map(partial(is_marked, kind, secret), told))
    return planted, found


def is_marked(kind: str, secret: str, redacted: str) -> bool:
    rest = _MARKER.sub("", redacted)
    left = any(secret[at : at + 8] in rest for at in range(max(len(secret) - 8, 1)))
    return not left and kind in _MARKER.findall(redacted)


def records(path: Path) -> Iterator[tuple[int, Any]]:
    """What a file holds, with the byte offsets of its records (rows and members count from nought)."""
    data = path.read_bytes()
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(path) as archive:
            for number, name in enumerate(archive.namelist()):
                yield from ((number, value) for _, value in decoded(archive.read(name)))
    elif data.startswith(b"SQLite format 3"):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            tables = database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'"
            )
            for (table,) in tables.fetchall():
                for number, row in enumerate(database.execute(f'SELECT * FROM "{table}"')):
                    for cell in row:
                        if isinstance(cell, str | bytes):
                            text = cell.encode("utf-8", "surrogatepass") if isinstance(cell, str) else cell
                            yield from ((number, value) for _, value in decoded(text))
    else:
        yield from decoded(data)


def decoded(data: bytes) -> Iterator[tuple[int, Any]]:
    """One JSON document, or lines of JSON, or plain text."""
    text = data.decode("utf-8", "replace")
    try:
        yield 0, json.loads(text)
        return
    except (ValueError, RecursionError):
        pass
    if not text.lstrip().startswith("{"):
        yield 0, text
        return
    offset = 0
    for line in data.splitlines(keepends=True):
        try:
            yield offset, json.loads(line)
        except (ValueError, RecursionError):
            yield offset, line.decode("utf-8", "replace")
        offset += len(line)


def texts(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            waiting += item


def marks(folder: Path, without: str, *, personal: bool) -> tuple[list[Mark], int, int]:
    """Every mark on what a folder holds, the number of files and of characters looked at."""
    found: list[Mark] = []
    files = characters = 0
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix not in _NO_TEXT):
        if without in path.parts:
            continue
        files += 1
        for offset, value in records(path):
            characters += sum(map(len, texts(value)))
            redacting = Listening(personal=personal)
            redacted = redacting.value(value)
            for text in texts(redacted) if redacting.counts else ():
                for marker in _MARKER.finditer(text):
                    shapes = redacting.shapes.get(marker[0])
                    if shapes:
                        around = text[max(0, marker.start() - _AROUND) : marker.end() + _AROUND]
                        told = _LONG.sub(lambda long: shape(long[0]), around.replace(marker[0], "[…]"))
                        source = path.relative_to(folder).as_posix()
                        found.append(Mark(marker[1], source, offset, shapes[0], " ".join(told.split())))
    return found, files, characters


def recognised(folder: Path) -> Iterator[Source]:
    """The files that hold traces, in folders of their own or not."""
    for path in sorted(path for path in folder.rglob("*.json*") if path.is_file()):
        source = Source(str(path), source_id(str(path)), size=path.stat().st_size)
        with source.open() as stream:
            if recognise(Head(source.name, source.size, stream.read(HEAD_BYTES))) is not None:
                yield source


def classed(mark: Mark) -> str:
    return next((word for kind, end, word, _ in KNOWN if kind == mark.kind and end in mark.source), "not looked at")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, default=[ROOT.parent / "shared" / "traces"])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--personal", action="store_true", help="mark e-mail addresses and telephone numbers too")
    parser.add_argument("--without", default="site-packages", metavar="NAME", help="leave folders of this name out")
    parser.add_argument("--list", action="store_true", help="list every mark")
    parser.add_argument("--speed", type=int, default=0, metavar="ROUNDS", help="measure speed, and nothing else")
    options = parser.parse_args()
    if options.speed:
        for folder in options.folders:
            texts = speed.decision_texts(list(recognised(folder)))
            told = speed.told(speed.redacted_alone(texts, options.speed))
            print(f"{folder.name}: {len(texts):,} texts, {sum(map(len, texts)) / 1e6:.1f} MB; {told}")
        return
    planted, found = recall(options.seeds)
    total, hit = sum(map(Counter.total, planted.values())), sum(map(Counter.total, found.values()))
    pairs = sum(map(len, planted.values()))
    print(f"{len(planted)} kinds, {pairs} kind-and-surrounding pairs, {total:,} planted, {hit:,} found")
    for kind in sorted(planted):
        for around, count in sorted(planted[kind].items()):
            if found[kind][around] < count:
                print(f"  {kind:16} {found[kind][around]:4} of {count:4}  {around!r}")
    for folder in options.folders:
        given, files, characters = marks(folder, options.without, personal=options.personal)
        print(f"\n{folder.name}: {files:,} files, {characters:,} characters, {len(given):,} marks")
        kinds = Counter((mark.kind, classed(mark)) for mark in given)
        for (kind, word), count in sorted(kinds.items()):
            print(f"  {kind:16} {word:14} {count:6,}")
        if options.list:
            for mark in sorted(set(given)):
                print(
                    f"    {mark.kind:14} {classed(mark):13} {mark.source}@{mark.offset}  {mark.shape}  {mark.context}"
                )


if __name__ == "__main__":
    main()
