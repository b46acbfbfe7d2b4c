"""Names that compare: ids, hashes, dates and counters are taken out, so that like stands beside like."""

from __future__ import annotations

import re
from functools import lru_cache

NAME_CHARS = 40
"""Longest part of an action; nothing that people name is longer, and what machines name is an id."""


def words(text: str) -> tuple[str, ...]:
    """The words of ``text``: how the tables of this package are written."""
    return tuple(text.split())


_PATH_CHARS = 1024
_STRANGE = re.compile(r"[^\w.:/@+$*~-]+")
_UUID = re.compile(r"[_.-]?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_DATE = re.compile(
    r"[_.-]?(?<!\d)(?:19|20)\d\d[-_.]?[01]\d(?:[-_.]?[0-3]\d)?(?:[T_-]?\d\d[-_:.h]?\d\d(?:[-_:.m]?\d\d)?)?Z?(?!\d)"
)
_ID_TAIL = re.compile(
    r"(?:^|[_.:#-])(?=[A-Za-z]*\d)(?:[0-9a-f]{7,64}|[0-9A-F]{7,64}|(?=(?:[A-Za-z]*\d){2})[A-Za-z0-9]{12,128})$"
)
_COUNTER = re.compile(r"(?:[_#-]+\d+(?:\.\d+)*)+$")
_HEX_WORD = re.compile(r"(?=[a-f]*\d)[0-9a-f]{6,64}\Z", re.IGNORECASE)
_NUMBERS = re.compile(r"v?[\d._-]+\Z", re.IGNORECASE)
_TEMPORARY = re.compile(r"tmp[._-]?[A-Za-z0-9_]{6,12}\Z")
_VERSIONED = frozenset(words("gpt claude llama gemini qwen mistral phi deepseek grok utf sha iso aes md x86 web base"))
_ROOTS = frozenset(
    words(
        "~ . .. home users user root tmp var private mnt opt srv usr volumes c: d: e: documents desktop downloads "
        "workspace workspaces dev projects repos"
    )
)
_HOMES = frozenset(("home", "users"))
_EXTENSION = re.compile(r"[A-Za-z][A-Za-z0-9]{0,7}\Z")
_PLAIN_FILE = re.compile(r"\.?[A-Za-z][A-Za-z_-]{0,23}\Z")
_IP = re.compile(r"\[?[0-9a-f:]*:[0-9a-f:.]+\]?\Z|\d{1,3}(?:\.\d{1,3}){3}\Z", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]{0,20}:)?//([^/?#\\\s]{1,512})")
_HOST = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,8}\Z")


def label(text: str) -> str:
    """``text`` as part of an action: one word without ids, dates and counters; empty if nothing else was in it.

    ``tool_17`` becomes ``tool``; names whose number is part of the name (``base64``, ``s3``, ``gpt-4``) stay.
    """
    name = _STRANGE.sub("_", text[:_PATH_CHARS]).strip("_:/-")
    if name.isalpha():
        return name[:NAME_CHARS]
    name = _DATE.sub("", _UUID.sub("", name))
    for _ in range(4):
        shorter = _ID_TAIL.sub("", name)
        counter = _COUNTER.search(shorter)
        if counter and shorter[: counter.start()].lower() not in _VERSIONED:
            shorter = shorter[: counter.start()]
        if shorter == name:
            break
        name = shorter
    name = name.strip("_:/-")
    return "" if _NUMBERS.match(name) or _HEX_WORD.match(name) else name[:NAME_CHARS]


@lru_cache(maxsize=4096)
def place(path: str) -> str:
    """Where a file lies, in one word: its last directory that means something, else the kind of file.

    ``/home/u/ws/inbox/mail-17.md`` is ``inbox``; ``inbox/2026-01-02/a.md`` too; ``/tmp/a.md`` is ``md``.
    """
    parts = [part for part in re.split(r"[/\\]+", path[-_PATH_CHARS:].strip()) if part]
    if not parts:
        return ""
    is_directory = path.rstrip().endswith(("/", "\\"))
    directories = parts if is_directory else parts[:-1]
    for index in range(len(directories) - 1, -1, -1):
        name = directories[index]
        below_homes = index > 0 and directories[index - 1].lower() in _HOMES
        if name.lower() in _ROOTS or below_homes or _TEMPORARY.match(name) or _IP.match(name):
            continue
        if word := label(name.removesuffix(":")):
            return word
    is_home = len(parts) > 1 and parts[-2].lower() in _HOMES
    return "" if is_directory or is_home else kind_of_file(parts[-1])


def kind_of_file(name: str) -> str:
    """The extension in lower case, the name itself where it has none and is plain (``Makefile``), else ``file``."""
    stem, dot, extension = name.rpartition(".")
    if dot and stem and _EXTENSION.match(extension) and not _HEX_WORD.match(extension):
        return extension.lower()
    return name if _PLAIN_FILE.match(name) and label(name) == name else "file"


def host(url: str) -> str:
    """The host of a URL without user, port and ``www.``; ``ip`` for an address, empty if there is none."""
    found = _AUTHORITY.match(url[:2048].strip())
    return _host_of(found[1]) if found else ""


@lru_cache(maxsize=2048)
def _host_of(authority: str) -> str:
    name = authority.rpartition("@")[2].lower()
    if _IP.match(name.partition("]")[0]) or _IP.match(name.partition(":")[0]):
        return "ip"
    name = name.partition(":")[0].removeprefix("www.")
    if not _HOST.match(name):
        return ""
    words = [word for word in name.split(".")[-4:] if label(word) == word]
    return ".".join(words)[-NAME_CHARS:].strip(".-")
