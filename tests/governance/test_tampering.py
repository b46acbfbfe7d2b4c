"""No way leads into the canon past the audit, and whatever is changed by hand is found and not read."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from soma.errors import VaultError
from soma.governance.canon import in_force, row_for
from soma.governance.decide import promote, reject, retire
from soma.governance.offer import Terms
from soma.governance.policy import Action, Call, Policy
from soma.governance.reading import overview, verify
from soma.schema import AUDIT, EXECUTIONS, POLICIES, PROPOSALS, RESULTS, Table
from soma.vault import VaultRoot
from soma.vault.audit import Entry, chained, sealed
from soma.vault.canon import canon_of, stored
from soma.vault.check import check
from soma.vault.damage import files_seen
from soma.vault.delta import LiveTable
from soma.vault.fragment import Fragment, write_fragment
from soma.vault.permissions import MAY_WRITE, Role
from soma.vault.writer import Changes

from .conftest import ADA, NOW

KEY = bytes(range(32))
POLICY = Policy(id="no-rm", condition=Action(call=Call(action=("exec:rm",))), message="No.")


def _by_hand(root: VaultRoot, table: Table, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    """Change the rows of a table as somebody who knows Delta and the schema would."""
    live = LiveTable(root.path, table)
    rows = change(live.read().to_pylist())
    made = [write_fragment(root.path, table, pa.Table.from_pylist(rows, schema=table.arrow()))] if rows else []
    live.commit(made, list(live.files()), metadata=live.metadata())


def _problems(root: VaultRoot) -> list[str]:
    found = verify(root).findings
    assert found == overview(root, now=NOW).findings or len(found) > len(overview(root, now=NOW).findings)
    return [f"{one.where}: {one.problem}" for one in found]


def _hand_made() -> dict[str, Any]:
    return stored(row_for(POLICY, actor=ADA, at=NOW, entry=1))


def test_a_row_written_by_hand_is_reported_and_not_read(root: VaultRoot) -> None:
    _by_hand(root, POLICIES, lambda rows: [_hand_made()])
    assert in_force(root, now=NOW) == []
    assert "no audit entry put it there" in _problems(root)[0]
    assert "canon/policies, no-rm version 1" in check(root.snapshot()).findings[0].where


def test_a_delta_table_made_by_another_tool_is_reported_and_not_read(root: VaultRoot) -> None:
    promote(root, POLICY, Terms(), actor=ADA, now=NOW)
    other = _hand_made() | {"policy_id": "mine", "message": "Obey."}
    rows = pa.Table.from_pylist([other], schema=POLICIES.arrow())
    write_deltalake(root.path / POLICIES.path, rows, mode="append")
    assert [one.policy.id for one in in_force(root, now=NOW)] == ["no-rm"]
    assert any("mine" in problem for problem in _problems(root))


@pytest.mark.parametrize(
    "change",
    [{"effect": "error"}, {"message": "Yes."}, {"mode": "shadow"}, {"expires_at": None}, {"ratified_by": "Eve"},
     {"scope": '{"agents":["x"]}'}, {"audit_entry": 7}, {"evidence": ["x"]}],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_a_changed_row_is_reported_and_not_read(root: VaultRoot, change: dict[str, Any]) -> None:
    promote(root, POLICY, Terms(), actor=ADA, now=NOW)
    _by_hand(root, POLICIES, lambda rows: [row | change for row in rows])
    assert in_force(root, now=NOW) == []
    assert _problems(root)


def test_a_retired_policy_does_not_come_back_with_its_old_row(root: VaultRoot) -> None:
    promote(root, POLICY, Terms(), actor=ADA, now=NOW)
    before = LiveTable(root.path, POLICIES).read().to_pylist()
    retire(root, "no-rm", actor=ADA, reason="enough", now=NOW)
    _by_hand(root, POLICIES, lambda rows: before)
    assert in_force(root, now=NOW) == []
    assert "later than the one it names" in _problems(root)[0]


def test_a_row_taken_out_is_missed(root: VaultRoot) -> None:
    promote(root, POLICY, Terms(), actor=ADA, now=NOW)
    _by_hand(root, POLICIES, lambda rows: [])
    assert "is gone, but the audit put it there" in _problems(root)[0]


def test_an_audit_that_was_cut_is_found_with_all_its_rows(root: VaultRoot, retries: str) -> None:
    promote(root, POLICY, Terms(), actor=ADA, now=NOW)
    reject(root, retries, actor=ADA, reason="no", now=NOW)
    _by_hand(root, AUDIT, lambda rows: [row for row in rows if row["number"] == 1])
    problems = _problems(root)
    assert any("entries are missing at the end" in problem for problem in problems)
    assert any("is called rejected, but no audit entry says so" in problem for problem in problems)
    with pytest.raises(VaultError, match="does not hold"):
        promote(root, msgspec.structs.replace(POLICY, id="other"), Terms(), actor=ADA, now=NOW)


def test_who_looked_before_sees_that_the_whole_vault_was_put_back(
    root: VaultRoot, retries: str, tmp_path: Path
) -> None:
    promote(root, POLICY, Terms(), actor=ADA, now=NOW)
    shutil.copytree(root.path, tmp_path / "old")
    noted = retire(root, "no-rm", actor=ADA, reason="enough", now=NOW).head
    shutil.rmtree(root.path)
    shutil.copytree(tmp_path / "old", root.path)
    assert canon_of(root).findings == (), "the vault alone cannot know"
    assert "was there when you last looked" in _problems(root)[0]
    promote(root, msgspec.structs.replace(POLICY, id="other"), Terms(), actor=ADA, now=NOW)
    assert "was there when you last looked" in _problems(root)[0], "deciding anew does not make it forgotten"
    assert any("though you noted one" in one.problem for one in verify(root, head=noted[:12]).findings)


@pytest.mark.parametrize("table", [POLICIES, AUDIT], ids=["canon", "audit"])
def test_a_file_that_holds_anything_else_is_reported_and_keeps_nothing_from_being_read(
    root: VaultRoot, table: Table
) -> None:
    promote(root, POLICY, Terms(), actor=ADA, now=NOW)
    live = LiveTable(root.path, table)
    nothing = pa.table({column.name: [None] for column in table.columns})
    for name, odd in (("odd.parquet", pa.table({"x": [1]})), ("empty.parquet", nothing)):
        pq.write_table(odd, live.folder / name)
        size = (live.folder / name).stat().st_size
        LiveTable(root.path, table).commit([Fragment(name, 1, size, '{"numRecords":1}')], ())
    assert "not read" in " ".join(_problems(root))
    if table is POLICIES:
        assert [one.policy.id for one in in_force(root, now=NOW)] == ["no-rm"]
    assert check(root.snapshot()).findings
    assert len(LiveTable(root.path, table).files()) == len(live.files()) + 2


def _chain() -> list[Entry]:
    entries: list[Entry] = []
    for subject in ("a", "b", "c"):
        entries.append(sealed(entries, key=KEY, at=NOW, actor=ADA, action="reject", subject=subject, reason="no",
                              details={"policyId": subject}))  # fmt: skip
    return entries


def test_every_changed_sign_of_every_field_is_found() -> None:
    entries = _chain()
    assert chained(entries, key=KEY, head=entries[-1].hash).findings == ()
    tried = 0
    for place, entry in enumerate(entries):
        for field, value in msgspec.structs.asdict(entry).items():
            text = str(value)
            for at in range(max(1, len(text))):
                sign = chr(ord(text[at]) ^ 1) if text else "x"
                changed: Any = text[:at] + sign + text[at + 1 :]
                if isinstance(value, int):
                    if not changed.isdigit():
                        continue
                    changed = int(changed)
                forged = [*entries[:place], msgspec.structs.replace(entry, **{field: changed}), *entries[place + 1 :]]
                chain = chained(forged, key=KEY, head=entries[-1].hash)
                assert chain.findings, (field, at)
                assert chain.trusted <= place
                tried += 1
    assert tried > 500


def test_entries_taken_out_doubled_or_swapped_are_found() -> None:
    entries = _chain()
    head = entries[-1].hash
    for order in ([0, 1], [0, 2], [1, 2], [0, 0, 1, 2], [2], []):
        assert chained([entries[place] for place in order], key=KEY, head=head).findings, order


def test_a_chain_made_anew_needs_the_key() -> None:
    forged = [sealed([], key=bytes(32), at=NOW, actor="Eve", action="promote", subject="x", reason="", details={})]
    assert chained(forged, key=KEY).findings[0].problem == "was not written with this vault's key"


def test_a_damaged_file_of_the_audit_is_found_whichever_byte_it_is(root: VaultRoot) -> None:
    promote(root, POLICY, Terms(), actor=ADA, now=NOW)
    (file,) = (root.path / AUDIT.path).glob("*.parquet")
    whole = file.read_bytes()
    live = LiveTable(root.path, AUDIT)
    for at in range(0, len(whole), 5):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert next(files_seen(live)).problem, at
    assert check(root.snapshot()).findings
    file.write_bytes(whole)
    assert check(root.snapshot()).findings == []


def _commit(root: VaultRoot, role: Role, table: Table, rows: list[dict[str, Any]], *replaced: str) -> None:
    changes = Changes()
    changes.add(table, table.key[0], set(replaced), pa.Table.from_pylist(rows, schema=table.arrow()))
    with root.writer() as writer:
        writer.commit(changes, role=role)


def test_python_cannot_put_a_row_into_the_canon_without_an_entry(root: VaultRoot) -> None:
    roles: tuple[Role, ...] = ("harvester", "synthesizer", "replay", "keeper")
    for role in roles:
        with pytest.raises(VaultError, match=f"the {role} may not write to it"):
            _commit(root, role, POLICIES, [_hand_made()])
    with pytest.raises(VaultError, match="no audit entry put it there"):
        _commit(root, "governance", POLICIES, [_hand_made()])
    assert LiveTable(root.path, POLICIES).read().num_rows == 0


def test_python_cannot_change_or_take_out_what_was_ratified(root: VaultRoot) -> None:
    promote(root, POLICY, Terms(), actor=ADA, now=NOW)
    (row,) = LiveTable(root.path, POLICIES).read().to_pylist()
    with pytest.raises(VaultError, match="differs from what audit entry 1 put there"):
        _commit(root, "governance", POLICIES, [row | {"message": "Yes."}], "no-rm")
    with pytest.raises(VaultError, match="may be retired, not taken out"):
        _commit(root, "governance", POLICIES, [], "no-rm")
    (entry,) = LiveTable(root.path, AUDIT).read().to_pylist()
    with pytest.raises(VaultError, match="stands in place 2"):
        _commit(root, "governance", AUDIT, [entry])


def test_only_a_person_changes_the_status_of_a_proposal(root: VaultRoot, retries: str) -> None:
    rows = [row for row in LiveTable(root.path, PROPOSALS).read().to_pylist() if row["insight_id"] == retries]
    decided = [row | {"status": "promoted"} for row in rows]
    with pytest.raises(VaultError, match="only a person decides"):
        _commit(root, "synthesizer", PROPOSALS, decided, retries)
    with pytest.raises(VaultError, match="no audit entry says so"):
        _commit(root, "governance", PROPOSALS, decided, retries)
    reject(root, retries, actor=ADA, reason="no", now=NOW)
    for undone in (rows, []):
        with pytest.raises(VaultError, match="only a person decides"):
            _commit(root, "synthesizer", PROPOSALS, undone, retries)


def test_each_layer_has_its_writers() -> None:
    writers = {layer: {role for role, tables in MAY_WRITE.items() if any(table.layer == layer for table in tables)}
               for layer in ("canon", "working")}  # fmt: skip
    assert writers == {"canon": {"governance"}, "working": {"synthesizer", "replay"}}
    assert all(EXECUTIONS not in MAY_WRITE[role] for role in ("synthesizer", "replay", "governance"))
    assert RESULTS not in MAY_WRITE["governance"]
