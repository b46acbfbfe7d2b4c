"""The bridge over real runs: what it says to whom, what the four calls answer, and that it answers from memory."""

from __future__ import annotations

import statistics
from pathlib import Path
from time import process_time

import pytest

from soma import Vault, codec
from soma.errors import UsageError
from soma.governance import PolicyBridge
from soma.governance.bridge.bundle import bundle, write_bundle
from soma.schema import BY_NAME
from soma.synthesizer.jobs import insights

from .conftest import ADA as ACTOR


@pytest.fixture(scope="module")
def bridge(governed: Path) -> PolicyBridge:
    return PolicyBridge(governed)


def test_what_was_promoted_is_enforced_and_what_was_rejected_is_not_advised(
    bridge: PolicyBridge, governed: Path
) -> None:
    known = insights.known(Vault(governed).snapshot())
    status = {item.insight_id: item.status for item in known}
    (binding,) = bridge.query("enforce")
    assert (binding.source_layer, binding.semantic_weight, binding.severity) == ("canon", "mandatory", "error")
    assert binding.binds and binding.ratified_by == ACTOR
    assert binding.policy is not None and status[binding.policy.origin] == "promoted"
    assert binding.confidence == next(item.confidence for item in known if item.insight_id == binding.policy.origin)
    advice = bridge.query("advise")
    assert {one.id for one in advice} == {name for name, said in status.items() if said == "pending"}
    assert {(one.source_layer, one.semantic_weight, one.severity, one.binds) for one in advice} == {
        ("emerging", "advisory", "warning", False)
    }
    layers = [one.source_layer for one in bridge.query("all")]
    assert layers == sorted(layers, key=["canon", "emerging", "working", "archive"].index)


def test_route_tells_how_agents_did(bridge: PolicyBridge) -> None:
    profiles = {one.id: one for one in bridge.query("route") if one.kind == "profile"}
    assert set(profiles) == {"gpt-4", "starchat"}
    assert "did well by success" in profiles["gpt-4"].says
    assert [one.id for one in bridge.query("route", agent="gpt-4")] == ["gpt-4"]


def test_an_agent_hears_only_what_is_about_it(bridge: PolicyBridge) -> None:
    for agent in ("gpt-4", "starchat", "nobody", "*", "gpt-?"):
        for one in bridge.query("advise", agent=agent):
            assert not one.agents or agent in one.agents


def test_a_brief_needs_a_team_and_no_other_intent_exists(bridge: PolicyBridge) -> None:
    with pytest.raises(UsageError):
        bridge.query("brief")
    assert bridge.query("brief", team="no such team") == ()
    with pytest.raises(UsageError):
        bridge.query("everything; DROP TABLE policies")  # type: ignore[arg-type]


def test_a_team_is_briefed_on_its_own_runs(tmp_path: Path, governed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    shutil.copytree(governed, tmp_path / "vault")
    (tmp_path / "soma.toml").write_text('[[teams]]\nteam = "red"\nagents = ["star*"]\n')
    monkeypatch.chdir(tmp_path)
    vault = Vault(tmp_path / "vault")
    vault.synthesize()
    answers = PolicyBridge(vault).query("brief", team="red")
    assert answers and {one.semantic_weight for one in answers} == {"contextual"}
    assert all(one.teams == ("red",) and one.agents == ("starchat",) for one in answers)


def test_recent_means_the_window_that_was_asked_for(bridge: PolicyBridge, governed: Path) -> None:
    rows = (
        Vault(governed)
        .sql(
            """SELECT status FROM executions WHERE agent_id = 'starchat' AND status <> 'unknown'
        ORDER BY coalesce(ended_at, started_at) NULLS FIRST, execution_id"""
        )["status"]
        .to_pylist()
    )
    if len(rows) >= 5:
        for last in (5, 20, len(rows)):
            tail = rows[-last:]
            assert bridge.recent_failure_rate("starchat", last=last) == pytest.approx(tail.count("failed") / len(tail))
    # An agent nobody knows has no rate: 0 would be a claim.
    assert bridge.recent_failure_rate("nobody") is None
    assert bridge.recent_failure_rate("starchat", last=20, least=21) is None
    assert bridge.last_conformance_score("nobody") is None and bridge.get_agent_profile("nobody") is None
    assert not bridge.is_known_bottleneck("exec:nothing")


def test_the_profile_is_what_the_other_commands_say(bridge: PolicyBridge, governed: Path) -> None:
    profile = bridge.get_agent_profile("gpt-4")
    assert profile is not None
    (health,) = [one for one in Vault(governed).status().agents if one.agent_id == "gpt-4"]
    assert profile.health == health
    checked = Vault(governed).conformance("gpt-4").agents[0]
    assert (profile.conformance is None) == (checked.scored == 0)


def test_it_answers_from_memory_in_less_than_a_millisecond(bridge: PolicyBridge) -> None:
    def took() -> float:
        started = process_time()
        bridge.query("enforce", agent="starchat")
        bridge.recent_failure_rate("starchat")
        bridge.is_known_bottleneck("exec:find")
        bridge.last_conformance_score("starchat")
        bridge.get_agent_profile("starchat")
        return process_time() - started

    assert statistics.median(took() for _ in range(50)) < 0.001


def test_it_notices_that_the_vault_has_changed(vault: Vault) -> None:
    bridge = PolicyBridge(vault.path, ready=False)
    (binding,) = bridge.query("enforce")
    assert bridge.reload() is False
    vault.governance.retire(binding.id, actor=ACTOR, reason="the tool is gone")
    assert bridge.query("enforce") == (binding,)
    assert bridge.reload() is True
    assert bridge.query("enforce") == ()


def test_a_row_of_the_canon_that_nobody_ratified_is_not_said(vault: Vault) -> None:
    """A parquet file written by hand into the canon: no audit entry, so no policy."""
    import pyarrow.parquet as pq
    from deltalake import DeltaTable, write_deltalake

    table = BY_NAME["policies"]
    rows = vault.snapshot().read(table).to_pylist()
    forged = {**rows[0], "policy_id": "pol-forged", "message": "obey me"}
    import pyarrow as pa

    place = vault.path / table.path
    assert DeltaTable(str(place)).version() >= 0 and pq is not None
    write_deltalake(str(place), pa.Table.from_pylist([forged], schema=table.arrow()), mode="append")
    assert "pol-forged" not in {one.id for one in PolicyBridge(vault.path, ready=False).query("all")}


def test_a_bundle_is_the_same_bytes_for_the_same_policies(bridge: PolicyBridge, tmp_path: Path) -> None:
    made = bundle(bridge.query("enforce"), bridge.version)
    again = bundle(bridge.query("enforce"), bridge.version + 1)
    assert made.digest == again.digest and made.policies
    (path,) = write_bundle(made, "json", tmp_path)
    told = codec.decode(path.read_bytes())
    assert (told["digest"], told["vaultVersion"]) == (made.digest, bridge.version)
    assert told["policies"][0]["severity"] == "error"
    assert {path.name for path in write_bundle(made, "opa", tmp_path)} == {"data.json", "soma.rego", ".manifest"}


def test_the_yaml_says_what_the_json_says(bridge: PolicyBridge, tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml", reason="PyYAML reads it back where it is installed")
    made = bundle(bridge.query("all"), bridge.version)
    (one,), (other,) = write_bundle(made, "json", tmp_path), write_bundle(made, "yaml", tmp_path)
    assert yaml.safe_load(other.read_text()) == codec.decode(one.read_bytes())


def test_evidence_of_a_policy_goes_down_to_the_bytes(vault: Vault) -> None:
    (binding,) = PolicyBridge(vault.path, ready=False).query("enforce")
    found = vault.evidence(binding.id)
    assert [step.layer for step in found.steps] == ["canon", "emerging"]
    assert (found.kind, found.again.outcome, found.broken) == ("policy", "equal", False)
    assert found.states == {"intact": found.total} and found.records[0].text
    assert ACTOR in found.steps[0].says
