"""Which line of an error tells, and which errors say the same."""

from __future__ import annotations

import pytest

from soma.synthesizer.error_text import grouped, likeness, telling_line


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (None, ""),
        ("  \n ", ""),
        ("compiling\nerror: missing module foo\n\n(Command exited with code 1)", "error: missing module foo"),
        ('Traceback (most recent call last):\n  File "a", line 1\n    x\nValueError: bad\n', "ValueError: bad"),
        ("one\ntwo", "one"),
        ("ls: cannot access 'x': No such file or directory\n", "ls: cannot access 'x': No such file or directory"),
    ],
)
def test_the_telling_line(error: str | None, line: str) -> None:
    assert telling_line(error) == line


def test_errors_that_differ_in_punctuation_numbers_and_paths_are_one() -> None:
    same = ["RuntimeError('503 model overloaded')", "RuntimeError: 503 model overloaded"]
    assert len({likeness(line) for line in same}) == 1
    assert likeness("find: '/a/b': No such file") == likeness("find: '/c': No such file")
    assert likeness("line 12: x: not found") == likeness("line 3: x: not found")


def test_errors_that_say_something_else_stay_apart() -> None:
    apart = ["HTTP 503 from dedupe", "HTTP 429 from dedupe", "HTTP 503 from reply", "KeyError: 'a'", "KeyError: 'b'"]
    assert len({likeness(line) for line in apart}) == len(apart)


def test_groups_name_the_most_frequent_text_and_count_all() -> None:
    groups = grouped([("find: '/a': missing", 2), ("find: '/b': missing", 5), (None, 9), ("other thing", 1)])
    assert [(group.example, group.many, group.texts) for group in groups] == [
        ("find: '/b': missing", 7, 2), ("other thing", 1, 1)
    ]  # fmt: skip
