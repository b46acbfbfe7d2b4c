"""What a call is about, where its arguments say so for certain: which files, and whether it runs tests."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from .enrich import PATCHED, as_object, command_of, path_of
from .names import words
from .shell import COMMAND_CHARS, bare, resolve, simple_commands

FILES = 4
"""Files of one call that are told; who names more of them looks at none in particular."""

FILE_CHARS = 256
_TOUCHING = frozenset(("read", "search", "edit", "write"))
_READERS = frozenset(words("cat head tail less more nl bat wc tac od xxd sed tee diff touch"))
_SEARCHERS = frozenset(words("grep egrep fgrep rg awk jq"))
_TEST_PROGRAMS = frozenset(
    words(
        "pytest py.test unittest nose nosetests nose2 tox nox trial jest vitest mocha ava karma jasmine rspec minitest "
        "phpunit ctest busted bats runtests runtests.py"
    )
)
_TEST_WORDS: dict[str, frozenset[str]] = {
    **dict.fromkeys(words("npm yarn pnpm bun deno"), frozenset(words("test t tests check"))),
    **dict.fromkeys(
        words("go cargo mvn gradle gradlew dotnet swift mix rake rails make just task zig bazel lein sbt stack dune"),
        frozenset(words("test tests check nextest")),
    ),
    "python": frozenset(("test",)),
    "django-admin": frozenset(("test",)),
    "manage.py": frozenset(("test",)),
}
_TEST_FILE = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_tests?|runtests?)\.(?:py|js|ts|rb|php)\Z")
_SCRIPT = re.compile(r"(?:^|/)manage\.py\Z")
_NAMED = re.compile(r"(?=.*[A-Za-z_])[\w.~@+/-]+\Z")


class Subject(NamedTuple):
    """What a call is about.

    Attributes:
        files: Files it reads, searches, edits or writes, as they were named; empty where that is not certain.
        fresh: Whether it says itself that the file is a new one. tests: Whether it runs tests or checks.
    """

    files: tuple[str, ...] = ()
    fresh: bool = False
    tests: bool = False


NOTHING = Subject()


def subject(role: str, tool: str, arguments: Any = None) -> Subject:
    """What a call is about; what its arguments do not say for certain is not told.

    Args:
        role: Role of its action.
        tool: Name of the tool as the framework wrote it.
        arguments: What it was called with: an object, a list, text (JSON or not) or nothing.
    """
    if arguments is None or (role != "shell" and role not in _TOUCHING):
        return NOTHING
    given = as_object(arguments)
    if role != "shell":
        return _of_file_tool(given, tool, arguments)
    if "code" in given:
        return NOTHING
    command = command_of(given, arguments)
    if isinstance(command, list):
        if command[:1] == ["apply_patch"] and len(command) > 1 and isinstance(command[1], str):
            return _of_patch(command[1])
        command = " ".join(word for word in command if isinstance(word, str))
    if not isinstance(command, str) or command.startswith("{"):
        return NOTHING
    return _of_command(command[:COMMAND_CHARS])


def same_file(one: str, other: str) -> bool:
    """Whether two names can be of one file: equal, or one is the end of the other (``src/a.py``, ``/w/src/a.py``)."""
    return one == other or one.endswith(f"/{other}") or other.endswith(f"/{one}")


def _of_file_tool(given: dict[str, Any], tool: str, arguments: Any) -> Subject:
    path = path_of(given)
    if path:
        kinds = [change.get("kind") for change in _changes(given)]
        fresh = (
            given.get("command") == "create"
            or given.get("old_string") == ""
            or (bool(kinds) and all(kind == "add" for kind in kinds))
        )
        return Subject((_cleaned(path),), fresh)
    patch = next((text for text in (given.get("input"), given.get("patch"), arguments) if isinstance(text, str)), "")
    if "\n" in patch and (found := _of_patch(patch)).files:
        return found
    command = given.get("command")
    if isinstance(command, str):
        # Tools that are a command line of their own: ``open server.py 40``.
        first, _, rest = command.partition(" ")
        name = rest.split("\n", 1)[0].split()[:1]
        if first == tool and name and _NAMED.match(name[0]):
            return Subject((_cleaned(name[0]),), first == "create")
    return NOTHING


def _changes(given: dict[str, Any]) -> list[dict[str, Any]]:
    changes = given.get("changes")
    return [change for change in changes if isinstance(change, dict)] if isinstance(changes, list) else []


def _of_patch(text: str) -> Subject:
    files, added = [], 0
    for found in PATCHED.finditer(text[:COMMAND_CHARS]):
        files.append(_cleaned(found[1]))
        added += found[0].startswith("*** Add")
    return Subject(tuple(files[:FILES]), bool(files) and added == len(files))


@lru_cache(maxsize=2048)
def _of_command(command: str) -> Subject:
    files: list[str] = []
    tests = False
    for argv, _, written in simple_commands(command):
        files += (bare(word) for word in written)
        name = resolve(argv)[0]
        tests = tests or _runs_tests(name, argv)
        own = argv[0].rpartition("/")[2]
        if own in _READERS or own in _SEARCHERS:
            files += _file_words(own, [bare(word) for word in argv[1:]])
    told = (_cleaned(name) for name in files if _NAMED.match(name) and not name.startswith("/dev/"))
    return Subject(tuple(dict.fromkeys(told))[:FILES], False, tests)


def _file_words(program: str, rest: list[str]) -> list[str]:
    """The file names among the arguments of a program that reads them; its first word may be a script or pattern."""
    scripted = program in _SEARCHERS or program == "sed"
    if scripted and any(word in ("-e", "-f") for word in rest):
        return []
    names = [word for word in rest if not word.startswith("-")]
    return [word for word in names[int(scripted) :] if not word.isdigit()]


def _runs_tests(name: str, argv: list[str]) -> bool:
    if name in _TEST_PROGRAMS or _TEST_FILE.search(name):
        return True
    known = _TEST_WORDS.get(name)
    rest = [bare(word) for word in argv[1:8]]
    if known is None or argv[0].endswith("pip"):
        return False
    if name == "python":
        script = next((word for word in rest if not word.startswith("-")), "")
        return bool(_TEST_FILE.search(script)) or (bool(_SCRIPT.search(script)) and "test" in rest)
    return any(word.partition(":")[0] in known for word in rest if not word.startswith("-"))


def _cleaned(path: str) -> str:
    name = path.strip().strip("\"'").replace("\\", "/")
    while name.startswith(("./", "../")):
        name = name[2:].lstrip("/") if name.startswith("./") else name[3:]
    return name[-FILE_CHARS:]
