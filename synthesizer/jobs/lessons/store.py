"""Errors that were fixed once become hints when a like error comes back: a small file of lessons.

The file is JSON with at most ``CAP`` lessons, the least recently used first, which is forgotten first. It is replaced
as a whole, by one writer at a time. Nothing in it depends on the clock: the same calls leave the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypedDict

import msgspec

from soma import codec, files
from soma.config import home
from soma.errors import SomaError
from soma.synthesizer.wording import plain
from soma.vault.lock import WriterLock

from .model import Lesson
from .similarity import similarity

CAP = 100
THRESHOLD = 0.3
"""Below this similarity two errors have nothing in common (``docs/lessons.md`` has what real ones measure)."""
ERROR_CHARS = 300
FIX_CHARS = 300
NAME_CHARS = 100
_RECEIVED = 16 * 1024
_SHOWN = 3
_LARGEST = 1 << 20
_WAIT_S = 2.0
_VERSION = 1


class StoreDamaged(SomaError):
    """The file of lessons is not one that soma wrote."""

    default_hint = "move the file away: a new one is begun with the next lesson"


class Hint(TypedDict):
    """A lesson that fits an error; ``similarity`` lies between 0 and 1, ``seen`` counts how often it was recorded."""

    similarity: float
    pattern: str
    error_text: str
    fix_text: str
    tool: str
    seen: int


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    pattern: str
    error_text: str
    fix_text: str
    tool: str
    seen: int = 1


class _File(msgspec.Struct, kw_only=True):
    version: int
    lessons: list[_Kept]


class LessonStore:
    """Lessons on disk.

    Args:
        path: The file; by default ``lessons.json`` where soma keeps what belongs to the person.
        redact: Replaces secrets in a text before it is kept, for instance ``Redactor(key).text`` of
            ``soma.harvester.redact``. Texts of a vault are redacted already; whoever records others gives one.
    """

    def __init__(self, path: Path | str | None = None, *, redact: Callable[[str], str] | None = None) -> None:
        self.path = home() / "lessons.json" if path is None else Path(path)
        self._redact = redact

    def __len__(self) -> int:
        return len(self._read())

    def record(self, pattern: str, error_text: str, fix_text: str, tool: str = "") -> None:
        """Keep a fix; one that is kept already counts once more and becomes the most recently used.

        Texts become one line each and are bounded. A lesson without an error or without a fix teaches nothing and is
        not kept.

        Raises:
            StoreDamaged: if the file is not one that soma wrote.
            OSError: if it cannot be written.
        """
        self._add([(pattern, error_text, fix_text, tool, 1)])

    def fill(self, lessons: Iterable[Lesson]) -> int:
        """Keep the lessons of a vault, the best first as ``run`` gives them, at most ``CAP``; how many that are.

        What the vault counts replaces what is counted here: to fill twice changes nothing.

        Raises:
            StoreDamaged: if the file is not one that soma wrote.
            OSError: if it cannot be written.
        """
        chosen = [one for one in lessons if one.verdict != "does harm"][:CAP]
        self._add([(one.pattern, one.error, one.fix, one.tool, one.seen) for one in reversed(chosen)], replace=True)
        return len(chosen)

    def query(self, error_text: str, tool: str | None = None, limit: int = _SHOWN) -> list[Hint]:
        """What helped against like errors, the likest first; they become the most recently used.

        Args:
            error_text: What the agent met.
            tool: Only lessons of this tool (letter case and ``exec:`` do not count), and those of none.
            limit: At most so many.

        Raises:
            StoreDamaged: if the file is not one that soma wrote.
        """
        wanted = self._clean(error_text, ERROR_CHARS)
        scored = []
        for place, kept in enumerate(self._read()):
            if tool is not None and kept.tool and not same_tool(tool, kept.tool):
                continue
            score = similarity(wanted, kept.error_text)
            if score >= THRESHOLD:
                scored.append((-score, -place, kept))
        hits = sorted(scored)[:limit] if limit > 0 else []
        if hits:
            self._touch([kept for *_, kept in reversed(hits)])
        return [
            Hint(similarity=round(-score, 4), pattern=kept.pattern, error_text=kept.error_text, fix_text=kept.fix_text,
                 tool=kept.tool, seen=kept.seen)
            for score, _, kept in hits
        ]  # fmt: skip

    def _add(self, given: list[tuple[str, str, str, str, int]], *, replace: bool = False) -> None:
        fresh = [
            _Kept(pattern=self._clean(pattern, NAME_CHARS), error_text=self._clean(error, ERROR_CHARS),
                  fix_text=self._clean(fix, FIX_CHARS), tool=self._clean(tool, NAME_CHARS), seen=seen)
            for pattern, error, fix, tool, seen in given
        ]  # fmt: skip
        fresh = [kept for kept in fresh if kept.error_text and kept.fix_text]
        if not fresh:
            return
        files.make_private_folder(self.path.parent)
        with WriterLock(self.path.parent, _WAIT_S):
            lessons = {_key(kept): kept for kept in self._read()}
            for kept in fresh:
                before = lessons.pop(_key(kept), None)
                seen = kept.seen + (before.seen if before and not replace else 0)
                lessons[_key(kept)] = msgspec.structs.replace(kept, seen=seen)
            self._write(list(lessons.values()))

    def _touch(self, used: list[_Kept]) -> None:
        with WriterLock(self.path.parent, _WAIT_S):
            lessons = {_key(kept): kept for kept in self._read()}
            before = list(lessons)
            for kept in used:
                if (found := lessons.pop(_key(kept), None)) is not None:
                    lessons[_key(kept)] = found
            if list(lessons) != before:
                self._write(list(lessons.values()))

    def _clean(self, text: str, limit: int) -> str:
        # Secrets go before anything is cut: half of one is not known as one any more.
        text = codec.plain(text[:_RECEIVED])
        return plain(self._redact(text) if self._redact else text, limit)

    def _read(self) -> list[_Kept]:
        try:
            with self.path.open("rb") as stream:
                data = stream.read(_LARGEST + 1)
        except FileNotFoundError:
            return []
        if len(data) > _LARGEST:
            raise StoreDamaged("the file of lessons is larger than soma writes it", where=str(self.path))
        try:
            found = msgspec.json.decode(data, type=_File)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
            raise StoreDamaged(f"the file of lessons cannot be read: {problem}", where=str(self.path)) from problem
        if found.version != _VERSION:
            raise StoreDamaged(f"the file of lessons has version {found.version}, not {_VERSION}", where=str(self.path))
        return found.lessons[-CAP:]

    def _write(self, lessons: list[_Kept]) -> None:
        files.write_private(self.path, codec.pretty(_File(version=_VERSION, lessons=lessons[-CAP:])).encode())


def _key(kept: _Kept) -> tuple[str, str, str]:
    return kept.tool.casefold(), kept.error_text, kept.fix_text


def same_tool(asked: str, tool: str) -> bool:
    """Whether a tool is meant by a name: ``Bash`` is ``bash``, and ``od`` is ``exec:od``."""
    wanted, name = asked.casefold(), tool.casefold()
    return wanted == name or wanted == name.partition(":")[2]
