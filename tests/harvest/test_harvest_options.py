"""What the options of a harvest do: --dry-run, --format, --agent, --since, and the rules that name agents."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from soma.config import AgentRule
from soma.errors import UsageError
from soma.harvester.agents import AgentNames
from soma.vault import VaultRoot

from .traces import append, session, write
from .vaults import assert_like_scratch, assert_whole, column, contents, harvest_into, listing, one


class TestDryRun:
    def test_it_writes_nothing_and_tells_what_a_harvest_would(self, tmp_path: Path, fixtures: Path) -> None:
        vault = tmp_path / "vault"
        dry = harvest_into(vault, fixtures, dry_run=True)
        assert not vault.exists()
        real = harvest_into(vault, fixtures)
        assert (dry.executions, dry.decisions) == (real.executions, real.decisions)
        assert dry.sources == real.sources
        assert dry.unusable == real.unusable
        assert dry.quarantined == real.quarantined
        assert (dry.vault_version, real.vault_version) == (None, 1)

    def test_copies_count_once_in_it_too(self, tmp_path: Path) -> None:
        write(tmp_path / "t" / "a.jsonl", session("s1", 3))
        write(tmp_path / "t" / "b.jsonl", session("s1", 3))
        dry = harvest_into(tmp_path / "vault", tmp_path / "t", dry_run=True)
        assert (dry.executions, dry.decisions) == (1, 3)

    def test_into_a_vault_it_tells_only_what_is_new(self, tmp_path: Path) -> None:
        vault, folder = tmp_path / "vault", tmp_path / "t"
        write(folder / "a.jsonl", session("s1", 3))
        harvest_into(vault, folder)
        write(folder / "b.jsonl", session("s2", 2))
        written = listing(vault)
        dry = harvest_into(vault, folder, dry_run=True)
        assert (dry.sources.new, dry.sources.unchanged, dry.executions, dry.decisions) == (1, 1, 1, 2)
        assert listing(vault) == written


class TestFormat:
    def test_only_that_adapter_is_asked(self, tmp_path: Path, fixtures: Path) -> None:
        vault = tmp_path / "vault"
        summary = harvest_into(vault, fixtures / "langchain", fixtures / "otel", format="langchain")
        assert column(vault, "SELECT DISTINCT adapter FROM executions") == ["langchain"]
        assert {item.format for item in summary.formats} == {"langchain"}

    def test_a_file_nothing_recognises_is_read_as_what_it_is_said_to_be(self, tmp_path: Path) -> None:
        """The hint of an unrecognised file says so; a blank first page must not make it a lie."""
        vault = tmp_path / "vault"
        odd = [f'{{"page": {number}, "text": "{"x" * 900}"}}\n' for number in range(400)]
        path = write(tmp_path / "t" / "s1.jsonl", odd + session("s1", 2))
        assert harvest_into(vault, path).sources.unrecognised == 1
        assert harvest_into(vault, path, format="claude-code").sources.changed == 1
        assert one(vault, "SELECT decisions FROM executions") == 2

    def test_another_format_reads_again(self, tmp_path: Path) -> None:
        vault, path = tmp_path / "vault", write(tmp_path / "t" / "s1.jsonl", session("s1", 2))
        harvest_into(vault, path, format="otel")
        assert one(vault, "SELECT count(*) FROM executions") == 0
        assert harvest_into(vault, path).sources.changed == 1
        assert_like_scratch(vault, path)

    def test_an_unknown_format_is_refused(self, tmp_path: Path) -> None:
        path = write(tmp_path / "s1.jsonl", session("s1", 1))
        from soma.adapters.registry import adapter_named

        with pytest.raises(UsageError, match="no adapter 'nonsense'"):
            adapter_named("nonsense")
        assert path.exists()


def test_since_leaves_older_files_for_another_time(tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    old = write(tmp_path / "t" / "old.jsonl", session("s1", 1))
    new = write(tmp_path / "t" / "new.jsonl", session("s2", 1))
    os.utime(old, ns=(10**18, 10**18))
    os.utime(new, ns=(2 * 10**18, 2 * 10**18))
    assert harvest_into(vault, tmp_path / "t", since_ns=2 * 10**18).sources.read == 1
    assert column(vault, "SELECT execution_id FROM executions") == ["cc:s2"]
    assert harvest_into(vault, tmp_path / "t", since_ns=2 * 10**18 + 1).sources.unchanged == 0
    harvest_into(vault, tmp_path / "t")
    assert_like_scratch(vault, tmp_path / "t")


HOSTILE_NAMES = (
    "../../etc/cron.d/x", "/root/.ssh/authorized_keys", "a'; DROP TABLE executions; --", '"quoted"',
    "\x1b[31mred\x1b[0m",
    "x" * 5000, "..", "nul\x00byte", "new\nline", "ünï—códe 🙂", "%s%n", "{0}", "<script>", "con",
)  # fmt: skip


class TestAgentNames:
    def test_the_trace_says_it(self, tmp_path: Path, fixtures: Path) -> None:
        vault = tmp_path / "vault"
        rules = [AgentRule(path="*", name="from-the-rules")]
        harvest_into(vault, fixtures / "agentflow", agents=AgentNames(rules=rules))
        assert {"mailer", "curator"} <= set(column(vault, "SELECT DISTINCT agent_id FROM executions"))

    def test_else_the_first_matching_rule(self, tmp_path: Path, fixtures: Path) -> None:
        vault = tmp_path / "vault"
        path = write(
            tmp_path / "t" / "night" / "1.json", [(fixtures / "generic/tau-bench/retail_10_runs.json").read_text()]
        )
        rules = [
            AgentRule(path="day/*", name="day"),
            AgentRule(path="night/*", name="owl"),
            AgentRule(path="*", name="x"),
        ]
        harvest_into(vault, path, agents=AgentNames(rules=rules))
        assert column(vault, "SELECT DISTINCT agent_id FROM decisions") == ["owl"]

    def test_else_the_folder_that_is_no_place_for_traces(self, tmp_path: Path, fixtures: Path) -> None:
        vault = tmp_path / "vault"
        path = tmp_path / "shopkeeper" / "traces" / "1.json"
        write(path, [(fixtures / "generic/tau-bench/retail_10_runs.json").read_text()])
        harvest_into(vault, path)
        assert column(vault, "SELECT DISTINCT agent_id FROM executions") == ["shopkeeper"]

    def test_the_option_wins_and_can_be_taken_back(self, tmp_path: Path) -> None:
        vault, folder = tmp_path / "vault", tmp_path / "t"
        write(folder / "s1.jsonl", session("s1", 1))
        harvest_into(vault, folder, agents=AgentNames(override="kim"))
        assert column(vault, "SELECT DISTINCT agent_id FROM executions") == ["kim"]
        assert column(vault, "SELECT DISTINCT agent_id FROM decisions") == ["kim"]
        assert harvest_into(vault, folder, agents=AgentNames(override="kim")).sources.unchanged == 1
        assert harvest_into(vault, folder).sources.changed == 1
        assert_like_scratch(vault, folder)

    def test_new_rules_rename_what_was_read_before(self, tmp_path: Path, fixtures: Path) -> None:
        vault = tmp_path / "vault"
        path = write(tmp_path / "t" / "1.json", [(fixtures / "generic/tau-bench/retail_10_runs.json").read_text()])
        harvest_into(vault, path)
        rules = AgentNames(rules=[AgentRule(path="*", name="owl")])
        assert harvest_into(vault, path, agents=rules).sources.changed == 1
        assert column(vault, "SELECT DISTINCT agent_id FROM executions") == ["owl"]

    def test_hostile_names_are_only_text(self, tmp_path: Path) -> None:
        vault, folder = tmp_path / "vault", tmp_path / "t"
        write(folder / "s1.jsonl", session("s1", 1))
        around = listing(tmp_path)
        for name in HOSTILE_NAMES:
            harvest_into(vault, folder, agents=AgentNames(override=name))
            agent = one(vault, "SELECT agent_id FROM executions")
            assert agent, name
            assert len(agent) <= 200
            assert one(vault, "SELECT count(*) FROM decisions WHERE agent_id = ?", agent) == 1, name
        assert_whole(vault)
        outside = {path: facts for path, facts in listing(tmp_path).items() if path.split("/")[0] != "vault"}
        assert outside.keys() == around.keys()
        stored = [path.name for path in vault.rglob("*.parquet")]
        assert len(stored) >= 2 * len(HOSTILE_NAMES)
        assert all(part.removeprefix("part-").removesuffix(".parquet").isalnum() for part in stored)


def test_other_secrets_read_again(tmp_path: Path) -> None:
    """Whether e-mail addresses are secrets decides what the same bytes become."""
    vault = tmp_path / "vault"
    lines = [line.replace("tidy the inbox", "write to kim@example.org") for line in session("s1", 1)]
    path = write(tmp_path / "t" / "s1.jsonl", lines)
    harvest_into(vault, path)
    assert "kim@example.org" in one(vault, "SELECT task_text FROM executions")
    assert harvest_into(vault, path, emails=True).redacted == 1
    assert "kim@example.org" not in one(vault, "SELECT task_text FROM executions")
    assert harvest_into(vault, path, emails=True).sources.unchanged == 1


def test_progress_ends_at_the_total(tmp_path: Path) -> None:
    from soma.harvester.harvest import Progress, harvest

    for name in ("s1", "s2", "s3"):
        write(tmp_path / "t" / f"{name}.jsonl", session(name, 2))
    told: list[Progress] = []
    harvest([str(tmp_path / "t")], VaultRoot(tmp_path / "vault"), on_progress=told.append)
    assert told[-1].sources == told[-1].sources_total == 3
    assert told[-1].bytes == told[-1].bytes_total > 0


def test_secrets_in_ids_and_names_do_not_reach_the_vault(tmp_path: Path) -> None:
    secret = "AKIA" + "QZ7" * 5 + "A"
    vault = tmp_path / "vault"
    path = write(tmp_path / f"key {secret}.jsonl", session(secret, 2))
    copy = write(tmp_path / "copy.jsonl", session(secret, 2))
    harvest_into(vault, path, copy)
    everything = repr(contents(vault))
    assert "REDACTED" in everything
    assert secret not in everything
    for file in vault.rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes()
    assert one(vault, "SELECT count(*) FROM executions") == 1
    append(copy, session(secret, 3)[5:])
    harvest_into(vault, path, copy)
    assert one(vault, "SELECT decisions FROM executions") == 3
    assert_like_scratch(vault, path, copy)
