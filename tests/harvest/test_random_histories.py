"""Random lives of a folder of traces, harvested now and then: in the end the vault equals one built at once."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soma.vault import VaultRoot

from .traces import append, session, spans, touch, write
from .vaults import assert_like_scratch, assert_whole, harvest_into, listing

SESSIONS = ("s1", "s2", "s3")
TRACE = "0af7651916cd43dd8448eb211c80319c"
Folder = Path
Step = tuple[str, int, int]
FEW = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json*"))


def _told(path: Path) -> Path:
    """Where the whole of what a session will ever say lies; the session itself is a beginning of it."""
    return path.parent.parent / "told" / path.name


def _begin(folder: Path, lines: list[str], begun: int) -> None:
    path = folder / f"f{len(list(folder.iterdir()))}.jsonl"
    write(_told(path), lines)
    write(path, lines[:begun])


def _pick(folder: Path, number: int) -> Path | None:
    files = [path for path in _files(folder) if path.suffix == ".jsonl"]
    return files[number % len(files)] if files else None


def _create(folder: Path, a: int, b: int) -> None:
    _begin(folder, session(SESSIONS[a % 3], 9), 1 + b % 9)


def _fork(folder: Path, a: int, b: int) -> None:
    """A session that repeats the history of another under its own id, and goes on."""
    old, new = SESSIONS[a % 3], f"fork{len(list(folder.iterdir()))}"
    history = [line.replace(f'"sessionId": "{old}"', f'"sessionId": "{new}"') for line in session(old, b % 4 + 1)]
    _begin(folder, history + session(new, 5, start=200)[1:], len(history) + b % 7)


def _export(folder: Path, a: int, b: int) -> None:
    document = spans(TRACE, first=a % 6, count=b % 3 + 1, root=b % 2 == 0)
    (folder / f"f{len(list(folder.iterdir()))}.json").write_text(json.dumps(document))


def _append(folder: Path, a: int, b: int) -> None:
    path = _pick(folder, a)
    if path is not None:
        size, whole = path.stat().st_size, _told(path).read_text()
        rest = whole[size:].splitlines(keepends=True)
        append(path, rest[: 1 + b % 5])


def _tear(folder: Path, a: int, b: int) -> None:
    path = _pick(folder, a)
    if path is not None:
        size, whole = path.stat().st_size, _told(path).read_text()
        append(path, [whole[size : size + 20 + b]])


def _copy(folder: Path, a: int, b: int) -> None:
    path = _pick(folder, a)
    if path is not None:
        other = folder / f"f{len(list(folder.iterdir()))}.jsonl"
        shutil.copy(path, other)
        shutil.copy(_told(path), _told(other))


def _touch(folder: Path, a: int, b: int) -> None:
    path = _pick(folder, a)
    if path is not None:
        touch(path, b + 1)


def _delete(folder: Path, a: int, b: int) -> None:
    path = _pick(folder, a)
    if path is not None:
        # An empty file stays, so that no later one gets the name.
        path.write_text("")
        path.rename(path.with_suffix(".removed"))


def _cut(folder: Path, a: int, b: int) -> None:
    path = _pick(folder, a)
    if path is not None:
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(lines[: 1 + b % max(1, len(lines))]))


GROW: dict[str, Callable[[Path, int, int], None]] = {
    "create": _create, "fork": _fork, "export": _export, "append": _append, "tear": _tear, "copy": _copy,
    "touch": _touch,
}  # fmt: skip
LOSE: dict[str, Callable[[Path, int, int], None]] = {"delete": _delete, "cut": _cut}


def _steps(*names: str) -> st.SearchStrategy[list[Step]]:
    step = st.tuples(st.sampled_from(["create", *names, "harvest", "harvest"]), st.integers(0, 11), st.integers(0, 59))
    return st.lists(step, min_size=3, max_size=12)


def _live(folder: Path, vault: Path, steps: list[Step]) -> None:
    folder.mkdir()
    _create(folder, 0, 2)
    for name, a, b in steps:
        if name == "harvest":
            files = _files(folder)
            some = random.Random(a * 60 + b).sample(files, 1 + b % len(files)) if files else []
            if some:
                harvest_into(vault, *(some if a % 2 else [folder]))
        else:
            (GROW | LOSE)[name](folder, a, b)
    harvest_into(vault, folder)


@FEW
@given(_steps(*GROW))
def test_a_folder_that_only_grows(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder, vault = Path(place) / "t", Path(place) / "vault"
        _live(folder, vault, steps)
        assert_like_scratch(vault, folder)


@FEW
@given(_steps(*GROW, *LOSE))
def test_a_folder_that_loses_files_and_lines_too(steps: list[Step]) -> None:
    """What is gone from the folder stays in the vault: it holds at least what a new one would, each execution once."""
    with tempfile.TemporaryDirectory() as place:
        folder, vault, scratch = (Path(place) / name for name in ("t", "vault", "scratch"))
        _live(folder, vault, steps)
        assert_whole(vault)
        harvest_into(scratch, folder)
        query = "SELECT execution_id, decisions FROM executions"
        mine, theirs = ({r["execution_id"]: r["decisions"] for r in VaultRoot(v).snapshot().sql(query).to_pylist()}
                        for v in (vault, scratch))  # fmt: skip
        assert mine.keys() >= theirs.keys()
        if not any(name == "cut" for name, _, _ in steps):
            # A call id names its session, so that one call in two executions would be a decision counted twice.
            twice = "SELECT split_part(decision_id, '#', 2) AS call FROM decisions GROUP BY call HAVING count(*) > 1"
            assert VaultRoot(vault).snapshot().sql(twice).num_rows == 0
        written = listing(vault)
        harvest_into(vault, folder)
        assert listing(vault) == written
