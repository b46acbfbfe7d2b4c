"""Error texts as people need them: the line that tells, and which texts say the same."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

_LOOKED_AT = 8192
_COMPARED = 300
_TELLING = re.compile(
    r"error|exception|fatal|fail|cannot|could ?n[o']t|can't|unable|not found|no such|denied|refused|forbidden|"
    r"timed? ?out|invalid|unexpected|missing|undefined|abort|killed|panic|overloaded|rate limit|unavailable",
    re.IGNORECASE,
)
_TRACEBACK = "Traceback (most recent call last)"
_RAISED = re.compile(r"[A-Za-z_][\w.]*(?::|$)")
# What differs between two occurrences of one error: quoted names, paths, numbers (but those of HTTP failures say what
# happened); then everything that is no word.
_CHANGING = re.compile(
    r"'[^'\s]*'|\"[^\"\s]*\"|`[^`\s]*`|(?:[\w.~-]*/)+[\w.~-]*|(?<![0-9])(?![45][0-9]{2}(?![0-9]))[0-9]+"
)
_GLOB = 120
_STARS = re.compile(r"\*[\s*]*\*")
_NO_WORD = re.compile(r"[\W_]+")


class Alike(msgspec.Struct, frozen=True):
    """Error texts that say the same: the most frequent of them, and how many there are in all."""

    key: str
    example: str
    many: int
    texts: int


def telling_line(error: str | None) -> str:
    """The line of an error that says what went wrong; empty when there is no text.

    Of a Python traceback the exception itself; else the first line with a word such as "error" or "not found"; else
    the first line.
    """
    lines = [line.strip() for line in (error or "")[:_LOOKED_AT].splitlines() if line.strip()]
    if not lines:
        return ""
    traced = next((place for place, line in enumerate(lines) if _TRACEBACK in line), None)
    if traced is not None:
        raised = [line for line in lines[traced + 1 :] if _RAISED.match(line)]
        if raised:
            return raised[-1]
    return next((line for line in lines if _TELLING.search(line)), lines[0])


def likeness(line: str) -> str:
    """Equal for lines that say the same: punctuation, case, numbers, quoted names and paths do not count.

    A line of which nothing else would be left keeps them.
    """
    line = line[:_COMPARED]
    bare = _NO_WORD.sub(" ", _CHANGING.sub(" ", line)).strip().casefold()
    return bare if " " in bare else _NO_WORD.sub(" ", line).strip().casefold()


def as_glob(line: str) -> str:
    """A glob for error texts with a line that says the same; empty for an empty line."""
    kept = _CHANGING.sub("*", line[:_GLOB].strip())
    return _STARS.sub("*", f"*{kept}*") if kept.strip("* ") else ""


def grouped(errors: Iterable[tuple[str | None, int]]) -> list[Alike]:
    """Texts with their counts taken together where they say the same, the most frequent first."""
    lines: dict[str, dict[str, int]] = {}
    for error, many in errors:
        line = telling_line(error)
        if line:
            seen = lines.setdefault(likeness(line), {})
            seen[line] = seen.get(line, 0) + many
    groups = [
        Alike(key, min(seen, key=lambda line: (-seen[line], line)), sum(seen.values()), len(seen))
        for key, seen in lines.items()
    ]
    return sorted(groups, key=lambda group: (-group.many, group.key))
