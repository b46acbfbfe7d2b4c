"""Mutants: the same for the same seed, of many kinds, inside containers too; and the command that feeds them."""

from __future__ import annotations

import io
import random
import sqlite3
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pytest

from soma import clock, codec
from soma.adapters.blocks.head import HEAD_BYTES, Head
from soma.adapters.contract import Yield
from soma.source import Damage, Record
from soma.testing import command, streaming
from soma.testing.command import main
from soma.testing.containers import change_inside
from soma.testing.hostile import trials
from soma.testing.mutate import mutants
from soma.testing.reading import deadline

from .acme.acme_traces import ADAPTER

SAMPLE = Path(__file__).parent / "acme" / "samples" / "monday.jsonl"
DATA = SAMPLE.read_bytes()
KINDS = (
    "odd", "raw", "gone", "renamed", "doubled", "wrapped", "written", "grafted", "swapped", "deep", "long", "tweaked",
    "flip a bit", "truncate", "repeat a line", "shuffle lines", "glue lines", "blank lines",
)  # fmt: skip
TOKENS = (
    b"\x00", b"NaN", b"\\ud800", b"[" * 5000, b"9" * 5000, b"\xff\xfe", b"1e999", b"\r\n", b"\xef\xbb\xbf",
)  # fmt: skip
DOCUMENT = codec.encode({"runs": {f"r{number}": {"calls": [{"tool": "x"}] * 9} for number in range(900)}}).encode()


def test_the_same_seed_makes_the_same_mutants() -> None:
    once = list(mutants([DATA, DOCUMENT], 50, seed=7))
    assert once == list(mutants([DATA, DOCUMENT], 50, seed=7))
    assert [m.data for m in once] != [m.data for m in mutants([DATA, DOCUMENT], 50, seed=8)]
    assert list(mutants([DATA, DOCUMENT], 1, seed=7, first=33)) == [once[33]]


def test_mutants_are_of_every_kind() -> None:
    made = list(mutants([DATA], 3000))
    kinds = " ".join(mutant.how for mutant in made)
    for kind in KINDS:
        assert kind in kinds
    whole = b"".join(mutant.data for mutant in made)
    for token in TOKENS:
        assert token in whole
    assert len({mutant.data for mutant in made}) > 2700
    assert any(mutant.data == b"" for mutant in made)


def test_large_documents_are_thinned_and_small_samples_preferred() -> None:
    made = list(mutants([DATA, DOCUMENT], 300))
    assert sum(mutant.sample == 0 for mutant in made) > 150
    sizes = sorted(len(mutant.data) for mutant in made if mutant.sample == 1)
    assert sizes[len(sizes) // 2] < len(DOCUMENT) / 4


def database() -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE events (id TEXT, event TEXT)")
    connection.executemany("INSERT INTO events VALUES (?, ?)", [(str(n), codec.encode({"n": n})) for n in range(9)])
    connection.commit()
    return bytes(connection.serialize())


def rows(data: bytes) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(":memory:")
    connection.deserialize(data)
    return connection.execute("SELECT * FROM events").fetchall()


def archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as whole:
        for name in ("header.json", "samples/1.json"):
            whole.writestr(name, b'{"samples": [1, 2, 3]}')
    return packed.getvalue()


def test_values_inside_a_database_change() -> None:
    data = database()
    changed = [made for seed in range(40) if (made := change_inside(data, random.Random(seed))) is not None]
    assert len(changed) > 15
    assert all(len(rows(made)) == 9 for made in changed)
    assert sum(rows(made) != rows(data) for made in changed) > 10


def test_members_of_an_archive_change() -> None:
    changed = [made for seed in range(200) if (made := change_inside(archive(), random.Random(seed))) is not None]
    contents = []
    for made in changed:
        with zipfile.ZipFile(io.BytesIO(made)) as whole:
            contents.append([(info.filename, whole.read(info)) for info in whole.infolist()])
    assert len(contents) > 100 and len({str(content) for content in contents}) > 50
    assert any(name.startswith("../") for content in contents for name, _ in content)


def test_what_is_no_container_has_no_inside() -> None:
    assert change_inside(DATA, random.Random(1)) is None
    for torn in (database()[:300], archive()[:-30], b"\x28\xb5\x2f\xfd torn"):
        assert all(change_inside(torn, random.Random(seed)) is None for seed in range(20))


def test_trials_name_the_mutant_that_broke_the_adapter() -> None:
    found = list(trials(ADAPTER, [SAMPLE], 200))
    assert len(found) == 200 and all(trial.fault is None for trial in found)


def test_the_command_checks_and_feeds(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    sample = tmp_path / "talk.json"
    sample.write_text('[{"role":"user","content":"go"},{"role":"assistant","content":"gone"}]')
    (tmp_path / "notes.txt").write_text("no trace")
    assert main(["generic", str(tmp_path), "--runs", "30", "--seed", "3", "--keep", str(tmp_path / "kept")]) == 0
    assert capsys.readouterr().out == "generic: 30 mutants of 1 samples, 0 faults\n"
    assert not (tmp_path / "kept").exists()
    for wrong in (["nobody", str(tmp_path)], ["otel", str(tmp_path)]):
        with pytest.raises(SystemExit, match="2"):
            main(wrong)


@pytest.mark.parametrize("data", [b"[" * HEAD_BYTES, b'{"a":' * (HEAD_BYTES // 5), b"{" * 9000 + b'"' * HEAD_BYTES])
def test_deep_nesting_costs_no_more_than_its_length(data: bytes) -> None:
    begun = clock.stopwatch()
    with deadline(20):
        assert Head("deep", len(data), data).values in ([], [[]])
    assert clock.stopwatch() - begun < 5


def test_the_command_tells_what_is_wrong(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(records: Iterable[Record | Damage]) -> Iterator[Yield]:
        for record in records:
            if isinstance(record, Record):
                raise TypeError("text of the record")
            yield record

    monkeypatch.setattr(streaming, "FILE_BYTES", 2_000_000)
    sample = tmp_path / "monday.jsonl"
    sample.write_bytes(DATA)
    monkeypatch.setattr(command, "adapter_named", lambda name: ADAPTER)
    assert main(["acme", str(sample)]) == 0
    assert capsys.readouterr().out == "acme: 1 samples, 0 violations\n"
    monkeypatch.setattr(command, "adapter_named", lambda name: msgspec.structs.replace(ADAPTER, map=explode))
    assert main(["acme", str(sample)]) == 1
    assert "idempotence: raised TypeError (text of the record) at testing/test_mutants.py" in capsys.readouterr().out
    kept = tmp_path / "kept"
    assert main(["acme", str(sample), "--runs", "20", "--keep", str(kept)]) == 1
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 2 and told[1] == "acme: 20 mutants of 1 samples, 1 faults"
    (mutant,) = kept.iterdir()
    assert mutant.read_bytes() and mutant.name.endswith("-monday.jsonl")
