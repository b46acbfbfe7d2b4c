"""Firings of real deployments: every one has one arm, whoever records it, when and how often."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from soma import Vault
from soma.errors import UsageError, VaultError
from soma.pressure.assignment import Firing, Urn, deal, draw, urn_after
from soma.pressure.replay.firings import Became, Fired, record, seed_of
from soma.vault import VaultRoot
from soma.vault.check import check
from tests.harvest.vaults import one

SECRET = "sk-ant-api03-" + "A1b2C3d4E5f6G7h8I9j0" * 4


def fired(name: str, **more: Any) -> Fired:
    given: dict[str, Any] = {
        "firing_id": name, "source": "hook", "pattern": "bash_retry", "pattern_version": 1, "agent_id": "worker-1",
        "severity": "warn", "engine": "e", "pressure": 0.3, "what": "seen",
    }  # fmt: skip
    return Fired(**{**given, **more})


def some(many: int, prefix: str = "f", **more: Any) -> list[Fired]:
    return [fired(f"{prefix}{number}", **more) for number in range(many)]


@pytest.fixture
def root(tmp_path: Path) -> VaultRoot:
    root = VaultRoot(tmp_path / "vault")
    root.create()
    return root


def rows(root: VaultRoot, table: str = "firings_stored") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = root.snapshot().sql(f"SELECT * FROM {table} ORDER BY ALL").to_pylist()
    return found


def test_arms_are_those_of_permuted_blocks_from_the_vaults_seed(root: VaultRoot) -> None:
    firings = some(41)
    told = record(root, firings[:10], redact=str) | record(root, firings[10:], redact=str)
    dealt = deal(seed_of(root), [Firing(item.firing_id, item.pattern, item.agent_id) for item in firings])
    assert told == {firing.firing_id: arm for firing, arm in dealt}
    stored = sorted(rows(root), key=lambda row: row["dealt"])
    assert [(row["firing_id"], row["arm"], row["dealt"]) for row in stored] == [
        (item.firing_id, told[item.firing_id], number) for number, item in enumerate(firings)
    ]
    assert {row["family"] for row in stored} == {"worker"}


def test_a_stored_row_of_arms_is_enough_to_go_on() -> None:
    urn: Urn | None = None
    arms = []
    for number in range(60):
        arm, urn = draw("seed", Firing(f"f{number}", "p", "a-1"), urn)
        arms.append(arm)
        assert urn_after("seed", "p", "a", arms) == urn


def test_a_firing_recorded_again_keeps_its_arm_and_nothing_is_written(root: VaultRoot) -> None:
    first = record(root, some(7), redact=str)
    version = root.snapshot().version
    assert record(root, [*some(7), *some(7, pattern="other")], redact=str) == first
    assert root.snapshot().version == version
    assert len(rows(root)) == 7


def test_two_recorders_at_once_write_every_firing_once_and_keep_blocks_balanced(root: VaultRoot) -> None:
    # Both record the same firings, and each some of its own.
    shares = [[*some(12), *some(8, "left")], [*some(12), *some(8, "right")]]
    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda share: [record(root, [item], redact=str) for item in share], shares))
    arms = [{name: arm for answer in answers for name, arm in answer.items()} for answers in told]
    assert all(arms[0][f"f{number}"] == arms[1][f"f{number}"] for number in range(12))
    stored = sorted(rows(root), key=lambda row: row["dealt"])
    assert [row["dealt"] for row in stored] == list(range(28))
    assert len({row["firing_id"] for row in stored}) == 28
    ahead = 0
    for row in stored:
        ahead += 1 if row["arm"] == "treatment" else -1
        assert abs(ahead) <= 3
    assert check(root.snapshot()).findings == []


def test_tests_never_count_and_never_use_up_a_real_block(root: VaultRoot, tmp_path: Path) -> None:
    other = VaultRoot(tmp_path / "other")
    other.create(root.key())
    record(root, [fired(f"t{number}", source="test") for number in range(9)], redact=str)
    assert record(root, some(20), redact=str) == record(other, some(20), redact=str)
    assert {row["source"] for row in rows(root, "firings")} == {"hook"}
    record(root, became=[Became(firing_id="t1", horizon=5, recovered=True)], redact=str)
    assert rows(root, "firing_outcomes") == []


def test_outcomes_come_one_by_one_and_may_be_told_again(root: VaultRoot) -> None:
    record(root, some(2), [Became(firing_id="f0", horizon=1, recovered=False, pressure=0.4)], redact=str)
    record(root, became=[Became(firing_id="f0", horizon=5, recovered=True)], redact=str)
    record(root, became=[Became(firing_id="f0", horizon=1, recovered=True, pressure=0.2)], redact=str)
    version = root.snapshot().version
    record(root, became=[Became(firing_id="f0", horizon=5, recovered=True)], redact=str)
    assert root.snapshot().version == version
    found = {(row["horizon"], row["recovered"], row["pressure"]) for row in rows(root, "firing_outcomes")}
    assert found == {(1, True, 0.2), (5, True, None)}


@pytest.mark.parametrize(
    ("outcome", "words"),
    [(Became(firing_id="nobody", horizon=5), "no firing that was recorded"),
     (Became(firing_id="f0", horizon=2), "after 1, 5 or 10")],
)  # fmt: skip
def test_outcomes_of_nothing_are_refused_and_nothing_is_written(root: VaultRoot, outcome: Became, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        record(root, some(1), [outcome], redact=str)
    assert rows(root) == []


@pytest.mark.parametrize("missing", ["", None])
def test_a_firing_without_an_id_is_refused_by_the_commit(root: VaultRoot, missing: Any) -> None:
    with pytest.raises(VaultError, match="firing_id"):
        record(root, [*some(3), msgspec.structs.replace(fired("x"), firing_id=missing)], redact=str)
    assert rows(root) == []


def test_secrets_are_taken_out_before_anything_is_written(root: VaultRoot) -> None:
    vault = Vault(root.path)
    # Long enough that cutting first would hide what the secret is.
    vault.record_firings([fired("f0", what="x" * 480 + " " + SECRET)])
    assert Counter(vault.record_firings(some(4)).values()).total() == 4
    told = one(root.path, "SELECT what FROM firings WHERE firing_id = 'f0'")
    assert "[REDACTED:" in told
    assert len(told) <= 500
    assert all(SECRET[:20].encode() not in path.read_bytes() for path in root.path.rglob("*") if path.is_file())
