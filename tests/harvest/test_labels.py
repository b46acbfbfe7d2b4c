"""Outcome labels from outside: a CSV by execution or session id."""

from __future__ import annotations

from pathlib import Path

import pytest

from soma.errors import SourceError, VaultMissing
from soma.harvester.labels import Label, import_labels, read_labels
from soma.vault import VaultRoot

from .traces import append, session, write
from .vaults import assert_whole, harvest_into, listing, one


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    for name in ("s1", "s2"):
        write(tmp_path / "t" / f"{name}.jsonl", session(name, 2))
    harvest_into(tmp_path / "vault", tmp_path / "t")
    return tmp_path / "vault"


def _csv(tmp_path: Path, text: str, name: str = "labels.csv") -> str:
    path = tmp_path / name
    path.write_text(text)
    return str(path)


def _label(vault: Path, execution_id: str) -> tuple[object, object, object]:
    row = VaultRoot(vault).snapshot().sql(
        "SELECT success, score, success_from FROM executions WHERE execution_id = ?", [execution_id]
    ).to_pylist()[0]  # fmt: skip
    return row["success"], row["score"], row["success_from"]


def test_labels_by_execution_and_by_session(tmp_path: Path, vault: Path) -> None:
    done = import_labels(VaultRoot(vault), read_labels(_csv(tmp_path, "execution_id,success,score\ncc:s1,yes,0.75\n")))
    assert (done.labels, done.matched, done.vault_version) == (1, 1, 2)
    done = import_labels(VaultRoot(vault), read_labels(_csv(tmp_path, "session_id,success\ns2,FAILED\nnobody,true\n")))
    assert (done.labels, done.matched) == (2, 1)
    assert _label(vault, "cc:s1") == (True, 0.75, "labels")
    assert _label(vault, "cc:s2") == (False, None, "labels")
    assert_whole(vault)


def test_a_later_import_replaces_and_the_same_one_writes_nothing(tmp_path: Path, vault: Path) -> None:
    import_labels(VaultRoot(vault), read_labels(_csv(tmp_path, "id,success\ncc:s1,true\ncc:s2,true\n")))
    import_labels(VaultRoot(vault), read_labels(_csv(tmp_path, "id,success\ncc:s1,false\n", "second.csv")))
    assert _label(vault, "cc:s1")[0] is False
    assert _label(vault, "cc:s2")[0] is True
    assert one(vault, "SELECT count(*) FROM outcomes") == 2
    assert one(vault, "SELECT origin FROM outcomes WHERE key = 'cc:s1'") == "second.csv"
    written = listing(vault)
    import_labels(VaultRoot(vault), read_labels(_csv(tmp_path, "id,success\ncc:s1,false\n", "second.csv")))
    assert listing(vault) == written


def test_labels_come_before_and_survive_the_harvest_of_their_run(tmp_path: Path, vault: Path) -> None:
    import_labels(VaultRoot(vault), read_labels(_csv(tmp_path, "session_id,success\ns3,true\n")))
    path = write(tmp_path / "t" / "s3.jsonl", session("s3", 1))
    harvest_into(vault, tmp_path / "t")
    assert _label(vault, "cc:s3")[0] is True
    append(path, session("s3", 2)[3:])
    harvest_into(vault, tmp_path / "t")
    assert _label(vault, "cc:s3")[0] is True


def test_what_a_label_does_not_know_leaves_what_the_trace_says(tmp_path: Path, fixtures: Path) -> None:
    vault = tmp_path / "vault"
    harvest_into(vault, fixtures / "generic" / "tau-bench")
    known = one(vault, "SELECT execution_id FROM executions WHERE success ORDER BY 1")
    before = _label(vault, known)
    import_labels(VaultRoot(vault), read_labels(_csv(tmp_path, f"id,success,score\n{known},,\n")))
    assert _label(vault, known) == before
    import_labels(VaultRoot(vault), read_labels(_csv(tmp_path, f"id,success,score\n{known},,0.25\n")))
    assert _label(vault, known) == (True, 0.25, before[2])
    import_labels(VaultRoot(vault), read_labels(_csv(tmp_path, f"id,success,score\n{known},no,\n")))
    assert _label(vault, known)[0] is False
    assert _label(vault, known)[2] == "labels"


def test_spreadsheets_write_it_so(tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes('\ufeffExecution_ID , Success,note\r\n"cc:s1",TRUE,"two\nlines"\r\n\r\ncc:s2, 0 ,\r\n'.encode())
    assert read_labels(str(path)).by_key == {"cc:s1": Label(True, None), "cc:s2": Label(False, None)}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "lack a column"),
        ("name,success\nx,true\n", 1, "lack a column"),
        ("execution_id,result\nx,true\n", 1, "lack a column"),
        ("execution_id,success\nx,true\ny,maybe\n", 3, "neither yes nor no: 'maybe'"),
        ("execution_id,success\n,true\n", 2, "names no run"),
        ("execution_id,success\nx\n,true\n", 3, "names no run"),
        ('execution_id,note,success\nx,"a\nb",true\ny,,perhaps\n', 4, "neither yes nor no"),
        ("execution_id,score\nx,0.5\ny,high\n", 3, "score is no number: 'high'"),
        ("execution_id,score\nx,nan\n", 2, "score is no number"),
        ("execution_id,score\nx,inf\n", 2, "score is no number"),
        ("execution_id,success\nx,true\nx,false\n", 3, "contradict each other"),
        ("execution_id,success\nx,true\n" + "y" * 200_000 + ",true\n", 3, "cannot be read: field larger"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = _csv(tmp_path, text)
    with pytest.raises(SourceError, match=words) as caught:
        read_labels(path)
    assert caught.value.where == f"{path}, line {line}"
    assert caught.value.exit_code == 4


def test_other_files_are_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes("execution_id,success\nü,true\n".encode("latin-1"))
    with pytest.raises(SourceError, match="no UTF-8"):
        read_labels(str(path))
    with pytest.raises(SourceError, match="No such file"):
        read_labels(str(tmp_path / "missing.csv"))
    with pytest.raises(SourceError, match="Is a directory"):
        read_labels(str(tmp_path))


def test_without_a_vault_there_is_nothing_to_label(tmp_path: Path) -> None:
    with pytest.raises(VaultMissing):
        import_labels(VaultRoot(tmp_path / "none"), read_labels(_csv(tmp_path, "id,success\nx,true\n")))
    assert not (tmp_path / "none").exists()
