"""The store of lessons: hints for like errors, the least used forgotten, whole on disk whatever it is given."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from soma import codec
from soma.cli.lessons import command
from soma.config import home
from soma.harvester.harvest import Options, harvest
from soma.harvester.redact import Redactor
from soma.synthesizer.jobs.lessons import LessonStore
from soma.synthesizer.jobs.lessons.compute import lessons_of
from soma.synthesizer.jobs.lessons.similarity import similarity
from soma.synthesizer.jobs.lessons.store import CAP, THRESHOLD, StoreDamaged
from soma.vault import VaultRoot

from .test_lessons import SECRET, world
from .whole import HOSTILE, harmless

MISSING = "ModuleNotFoundError: No module named 'pkg_resources'"


@pytest.fixture
def store(tmp_path: Path) -> LessonStore:
    return LessonStore(tmp_path / "lessons.json")


def test_the_example_of_the_readme(store: LessonStore) -> None:
    store.record(pattern="ModuleNotFound", error_text=MISSING, fix_text="pip install setuptools", tool="Bash")
    (hint,) = LessonStore(store.path).query("pkg_resources is missing", tool="Bash")
    assert hint["fix_text"] == "pip install setuptools"
    assert hint["similarity"] == pytest.approx(0.4575, abs=1e-3)
    assert set(hint) == {"similarity", "pattern", "error_text", "fix_text", "tool", "seen"}


def test_by_default_lessons_lie_where_soma_keeps_what_belongs_to_the_person() -> None:
    assert LessonStore().path == home() / "lessons.json"


def test_similarity_is_the_cosine_of_trigrams_counted_by_hand() -> None:
    # "ab" has "  a", " ab", "ab "; "ab c" has these and "  c", " c ".
    assert similarity("ab", "ab c") == pytest.approx(3 / (3 * 5) ** 0.5)
    assert similarity(MISSING, MISSING) == 1.0
    assert similarity("cat: /a/b.txt: No such file", "cat: /other/place/x.csv: No such file") == 1.0
    assert similarity("", MISSING) == similarity("…", "!!") == 0.0


@given(st.text(max_size=200), st.text(max_size=200))
def test_similarity_is_symmetric_and_between_0_and_1(first: str, second: str) -> None:
    assert 0.0 <= similarity(first, second) == similarity(second, first) <= 1.0 + 1e-12


def test_like_errors_come_before_less_like_ones_and_unlike_ones_not_at_all(store: LessonStore) -> None:
    store.record("a", "bash: nvcc: command not found", "install the CUDA toolkit", "bash")
    store.record("b", "bash: wget: command not found", "use curl", "bash")
    store.record("c", "error: pathspec 'main' did not match any file(s) known to git", "git fetch origin main", "bash")
    hints = store.query("/bin/sh: line 3: wget: command not found")
    assert [hint["fix_text"] for hint in hints] == ["use curl", "install the CUDA toolkit"]
    assert hints[0]["similarity"] > hints[1]["similarity"] >= THRESHOLD
    assert store.query("Segmentation fault") == []
    assert store.query("") == []
    assert store.query("wget: command not found", limit=0) == []


def test_lessons_are_per_tool(store: LessonStore) -> None:
    store.record("a", MISSING, "pip install setuptools", "Bash")
    store.record("b", MISSING, "add it to the notebook's kernel", "Notebook")
    store.record("c", MISSING, "ask a person", "")
    assert [hint["fix_text"] for hint in store.query(MISSING, tool="bash")] == [
        "ask a person",
        "pip install setuptools",
    ]
    assert len(store.query(MISSING)) == 3


def test_the_least_recently_used_is_forgotten_and_a_query_counts_as_use(store: LessonStore) -> None:
    names = [
        f"error about {chr(97 + n // 26)}{chr(97 + n % 26)}{chr(97 + n % 26)}{chr(97 + n // 26)}q" for n in range(CAP)
    ]
    for name in names:
        store.record("p", name, f"fix of {name}")
    assert len(store) == CAP
    (used, *_) = store.query(names[0], limit=1)
    assert used["fix_text"] == f"fix of {names[0]}"
    store.record("p", "wholly different thing", "one more")
    assert len(store) == CAP
    assert store.query(names[0], limit=1)[0]["similarity"] == 1.0
    assert all(hint["error_text"] != names[1] for hint in store.query(names[1], limit=CAP))


def test_a_lesson_learned_again_is_counted_not_doubled(store: LessonStore) -> None:
    for _ in range(3):
        store.record("p", MISSING, "pip install setuptools", "bash")
    assert [hint["seen"] for hint in store.query(MISSING)] == [3]
    assert len(store) == 1


def test_the_same_calls_leave_the_same_bytes(tmp_path: Path) -> None:
    written = []
    for name in ("a", "b"):
        store = LessonStore(tmp_path / name / "lessons.json")
        for number in range(7):
            store.record("p", f"{MISSING} {'xyz'[number % 3]}", f"fix {number}", "bash")
        store.query(MISSING)
        written.append(store.path.read_bytes())
    assert written[0] == written[1]


def test_hostile_texts_are_bounded_one_line_and_harmless(store: LessonStore) -> None:
    store.record(HOSTILE * 50, HOSTILE * 5000, HOSTILE * 5000 + "\ud800", HOSTILE * 50)
    store.record("p", "", "a fix of nothing")
    store.record("p", "an error without a fix", " \n\t ")
    assert len(store) == 1
    (hint,) = store.query(HOSTILE, tool=None)
    for value in hint.values():
        if isinstance(value, str):
            assert len(value) <= 300
            assert harmless(value)
    assert store.path.stat().st_size < 4096


def test_a_secret_is_not_kept_where_a_redactor_is_given(tmp_path: Path) -> None:
    store = LessonStore(tmp_path / "lessons.json", redact=Redactor(b"k" * 32).text)
    # The secret straddles the bound: it goes before the text is cut.
    store.record("p", f"{'e ' * 140}{SECRET}", f"export KEY={SECRET}", SECRET)
    kept = store.path.read_text()
    assert not any(SECRET[at : at + 12] in kept for at in range(len(SECRET) - 12))


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"version": 9, "lessons": []}', b'{"version":1,"lessons":[{}]}',
                                  b"[" * 100_000, b"\xff\xfe", b" " * 2_000_000])  # fmt: skip
def test_a_damaged_file_is_named_and_left_alone(store: LessonStore, data: bytes) -> None:
    store.path.write_bytes(data)
    with pytest.raises(StoreDamaged) as problem:
        store.record("p", MISSING, "fix")
    assert problem.value.where == str(store.path)
    with pytest.raises(StoreDamaged):
        store.query(MISSING)
    assert store.path.read_bytes() == data


def test_the_file_is_private_and_nothing_is_left_beside_it(store: LessonStore) -> None:
    store.record("p", MISSING, "fix")
    assert stat.S_IMODE(os.stat(store.path).st_mode) == 0o600
    assert {path.name for path in store.path.parent.iterdir()} == {"lessons.json", "lock"}


def test_writers_at_once_lose_nothing(store: LessonStore) -> None:
    def write(name: str) -> None:
        for number in range(5):
            LessonStore(store.path).record("p", f"{name} broke with code x{'abcde'[number]}", f"fix {name}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, ["tar", "git", "npm", "curl"]))
    assert len(store) == 20


def test_lessons_of_a_vault_fill_the_store_once(store: LessonStore) -> None:
    found = lessons_of(world(1, 40, 0.8, 0.3), {})
    # What does harm is no hint.
    kept = [one for one in found.lessons if one.verdict != "does harm"]
    assert store.fill(found.lessons) == len(kept) == len(store) == len(found.lessons) - 1
    before = store.path.read_bytes()
    assert store.fill(found.lessons) == len(kept)
    assert store.path.read_bytes() == before
    assert "-c → -C" in {hint["fix_text"] for hint in store.query("tar: You may not specify more than one", tool="tar")}


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_the_command_keeps_what_it_shows(fixtures: Path, tmp_path: Path, arguments: list[str]) -> None:
    root = VaultRoot(tmp_path / "vault")
    harvest([str(fixtures / "generic" / "intercode")], root, Options(jobs=1))
    kept = tmp_path / "kept.json"
    asked = ["--vault", str(tmp_path / "vault"), "--tool", "tar", "--keep", str(kept), *arguments]
    told = CliRunner().invoke(command, asked)
    assert told.exit_code == 0, told.output
    assert "-c → -C" in told.stdout
    if arguments:
        answer = codec.decode(told.stdout)
        assert (answer["schema"], answer["schemaVersion"], answer["tool"]) == ("soma.lessons", 1, "tar")
    (hint, *_) = LessonStore(kept).query("tar: You may not specify more than one '-Acdtrux' option", tool="tar")
    assert hint["fix_text"] == "-c → -C"
