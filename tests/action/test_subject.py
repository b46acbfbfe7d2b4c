"""What a call is about: its files and whether it runs tests, where that is certain."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soma.action import same_file, subject
from soma.action.subject import FILES


@pytest.mark.parametrize(("role", "tool", "arguments", "files"), [
    ("read", "Read", {"file_path": "/w/src/a.py"}, ("/w/src/a.py",)),
    ("edit", "edit", '{"edits":[],"path":"./src/a.py"}', ("src/a.py",)),
    ("edit", "NotebookEdit", {"notebook_path": "n.ipynb"}, ("n.ipynb",)),
    ("search", "Grep", {"path": "/w/src", "pattern": "x"}, ("/w/src",)),
    ("read", "open", {"command": "open server.py 40\n"}, ("server.py",)),
    ("edit", "edit", {"command": "edit 6:6\nx = 1\nend_of_edit"}, ()),
    ("edit", "apply_patch", "*** Update File: src/a.py\n*** Update File: b.py\n", ("src/a.py", "b.py")),
    ("edit", "apply_patch", {"changes": [{"kind": "update", "path": "/w/a.py"}]}, ("/w/a.py",)),
    ("shell", "bash", {"command": "cd /w && cat a.py b.py | head -3"}, ("a.py", "b.py")),
    ("shell", "bash", {"command": "sed -n '1,20p' src/a.py"}, ("src/a.py",)),
    ("shell", "bash", {"command": "grep -n 'def f' src/a.py"}, ("src/a.py",)),
    ("shell", "bash", {"command": "cat > notes.md <<'EOF'\ncat other.py\nEOF"}, ("notes.md",)),
    ("shell", "bash", {"command": "make 2>&1 >/dev/null"}, ()),
    ("shell", "exec_command", {"cmd": ["bash", "-lc", "ls"]}, ()),
    ("shell", "python", {"code": "open('a.py').read()"}, ()),
    ("web", "fetch", {"url": "http://x/a.py"}, ()),
    ("read", "Read", None, ()),
])  # fmt: skip
def test_the_files_of_a_call(role: str, tool: str, arguments: Any, files: tuple[str, ...]) -> None:
    assert subject(role, tool, arguments).files == files


@pytest.mark.parametrize(("role", "tool", "arguments", "fresh"), [
    ("write", "str_replace_editor", {"command": "create", "path": "a.py"}, True),
    ("edit", "Edit", {"file_path": "a.py", "old_string": "", "new_string": "x"}, True),
    ("edit", "Edit", {"file_path": "a.py", "old_string": "y", "new_string": "x"}, False),
    ("edit", "apply_patch", "*** Begin Patch\n*** Add File: a.py\n+x\n", True),
    ("edit", "apply_patch", "*** Begin Patch\n*** Add File: a.py\n*** Update File: b.py\n", False),
    ("edit", "apply_patch", {"changes": [{"kind": "add", "path": "/w/a.py"}]}, True),
    ("write", "Write", {"file_path": "a.py", "content": ""}, False),
])  # fmt: skip
def test_whether_the_file_is_a_new_one(role: str, tool: str, arguments: Any, fresh: bool) -> None:
    assert subject(role, tool, arguments).fresh is fresh


TESTS = ("pytest -q", "python -m pytest tests", "cd a && npm test", "npm run test:unit", "yarn test", "go test ./...",
         "cargo test", "python manage.py test", "python -m unittest", "tox -e py311", "npx jest", "uv run pytest",
         "make check", "./gradlew test", "python tests/test_a.py", "bundle exec rspec")  # fmt: skip
NO_TESTS = ("ls tests", "npm install", "npm run build", "go build", "cat test_a.py", "python a.py", "git commit -m x",
            "make", "echo pytest", "pip install pytest")  # fmt: skip


@pytest.mark.parametrize("command", TESTS)
def test_a_run_of_tests_is_one(command: str) -> None:
    assert subject("shell", "bash", {"command": command}).tests


@pytest.mark.parametrize("command", NO_TESTS)
def test_what_is_no_run_of_tests_is_none(command: str) -> None:
    assert not subject("shell", "bash", {"command": command}).tests


def test_a_file_is_the_same_under_a_shorter_name() -> None:
    assert same_file("/w/src/a.py", "src/a.py")
    assert same_file("a.py", "a.py")
    assert not same_file("/w/src/aa.py", "a.py")
    assert not same_file("/w/src/a.py", "/v/src/a.py")


junk = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=30),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                        st.sampled_from(["command", "path", "file_path", "changes", "old_string", "input", "code"]),
                        inner, max_size=4), max_leaves=12)  # fmt: skip


@given(st.sampled_from(["shell", "read", "edit", "write", "search", "web"]), st.text(max_size=10), junk)
def test_nothing_raises_whatever_a_trace_holds(role: str, tool: str, arguments: Any) -> None:
    told = subject(role, tool, arguments)
    assert len(told.files) <= FILES
    assert all(isinstance(name, str) and name for name in told.files)
