"""The independently counted numbers of the corpus come out of the vault, not only out of the adapters.

``EXPECTED.json`` and ``*/expected_outcomes.json`` were counted by other programs. Where a folder holds copies of one
session, those count every copy and soma counts the session once; the expectation is then recounted here from the bytes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from soma.harvester.harvest import Options, harvest
from soma.vault import Snapshot, VaultRoot

pytestmark = pytest.mark.corpus

Harvested = Callable[..., Snapshot]


@pytest.fixture(scope="module")
def expected(corpus: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((corpus / "EXPECTED.json").read_text())
    return found


@pytest.fixture(scope="module")
def vault_of(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harvested]:
    known: dict[tuple[str, ...], Snapshot] = {}

    def snapshot(*paths: str) -> Snapshot:
        if paths not in known:
            root = VaultRoot(tmp_path_factory.mktemp("vault") / ".soma")
            harvest([str(corpus / path) for path in paths], root, Options(jobs=1))
            known[paths] = root.snapshot()
        return known[paths]

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOMA_HOME", str(tmp_path_factory.mktemp("home")))
        yield snapshot


def one(snapshot: Snapshot, query: str) -> Any:
    return snapshot.sql(query).column(0)[0].as_py()


def counts(snapshot: Snapshot, query: str) -> dict[Any, int]:
    table = snapshot.sql(query)
    return dict(zip(table.column(0).to_pylist(), table.column(1).to_pylist(), strict=True))


TOOLS = "SELECT tool, count(*)::INTEGER FROM decisions GROUP BY tool ORDER BY tool"


@pytest.mark.parametrize("folder", ["pi-v1", "pi-v3", "real-scrubbed", "run-2026.4.26", "run-2026.9.6"])
def test_openclaw_sessions(folder: str, vault_of: Harvested, expected: dict[str, Any]) -> None:
    want = expected[f"openclaw/{folder}"]["session"]
    vault = vault_of(f"openclaw/{folder}")
    sessions = "labels['record'] IS DISTINCT FROM 'run-log'"
    assert one(vault, f"SELECT count(*) FROM executions WHERE {sessions}") == want["files"]
    assert one(vault, "SELECT count(*) FROM decisions") == want["tool_calls"] + want["orphan_results"]
    assert one(vault, "SELECT count(*) FROM decisions WHERE arguments IS NOT NULL") == want["tool_calls"]
    # A call that answered "running" and was never heard of again has an output, but no known outcome.
    missing = "SELECT count(*) FROM decisions WHERE outcome IN ('skipped', 'unknown') AND output IS NULL"
    assert one(vault, missing) == want["missing_results"]
    # Costs in the counter are rounded to six digits per file.
    cost = one(vault, "SELECT coalesce(sum(cost_usd), 0.0) FROM executions")
    assert cost == pytest.approx(want["cost_total"], abs=1e-6 * want["files"])
    failed = one(vault, "SELECT count(*) FROM decisions WHERE outcome IN ('failed', 'timeout')")
    told = want.get("is_error", 0) + want.get("soft_errors", 0)
    # Five exec calls of this folder answer "running"; a later poll of the same process tells that they failed.
    assert failed == told + (5 if folder == "real-scrubbed" else 0)


def test_openclaw_tools(vault_of: Harvested, expected: dict[str, Any]) -> None:
    for folder in ("pi-v1", "real-scrubbed"):
        session = expected[f"openclaw/{folder}"]["session"]
        want = {key.removeprefix("tools."): many for key, many in session.items() if key.startswith("tools.")}
        assert counts(vault_of(f"openclaw/{folder}"), TOOLS) == want


def test_openclaw_cron_runs_are_linked_not_counted_twice(vault_of: Harvested, expected: dict[str, Any]) -> None:
    want = expected["openclaw/run-2026.4.26"]["cron_runs"]
    vault = vault_of("openclaw/run-2026.4.26")
    stored = "SELECT count(*) FROM executions_stored WHERE labels['record'] = 'run-log' AND adapter = 'openclaw'"
    assert one(vault, stored) == want["lines"]
    shown = "SELECT count(*) FROM executions WHERE labels['record'] = 'run-log' AND session_id IS NOT NULL"
    assert one(vault, shown) == 0


def test_openclaw_known_outcomes(vault_of: Harvested, corpus: Path) -> None:
    known = json.loads((corpus / "openclaw" / "expected_outcomes.json").read_text())
    vault = vault_of("openclaw/run-2026.4.26", "openclaw/run-2026.9.6")
    rows = vault.sql(
        "SELECT e.session_id, e.agent_id, e.status, e.error, "
        "string_agg(d.tool || ':' || d.outcome, ' ' ORDER BY d.step) AS calls "
        "FROM executions AS e LEFT JOIN decisions AS d ON d.execution_id = e.execution_id "
        "GROUP BY e.session_id, e.agent_id, e.status, e.error"
    ).to_pylist()
    by_session = {(row["agent_id"], row["session_id"]): row for row in rows}
    checked = 0
    for want in known:
        row = by_session[want["agent"], want["session"]]
        words = (row["calls"] or "").replace(":failed", ":fail").replace(":timeout", ":fail").split()
        # A call through the wrapper tool_call is named for the tool that really ran.
        assert len(words) == len(want["calls"]), want
        assert [word.rsplit(":", 1)[1] for word in words] == [call.rsplit(":", 1)[1] for call in want["calls"]], want
        if want["model_error"]:
            assert row["status"] == "failed" and want["model_error"] in row["error"]
        checked += 1
    assert checked == len(known) == 32


@pytest.mark.parametrize("folder", ["agent-history", "scout", "simonw/sample_session.jsonl", "vsla"])
def test_claude_code_folders_without_copies(folder: str, vault_of: Harvested, expected: dict[str, Any]) -> None:
    want = expected[f"claude-code/{folder.split('/')[0]}"]
    vault = vault_of(f"claude-code/{folder}")
    assert one(vault, "SELECT count(*) FROM decisions") == want["tool_calls"]
    assert counts(vault, TOOLS) == want["tools"]
    assert one(vault, "SELECT count(*) FROM decisions WHERE outcome IN ('failed', 'timeout')") == want["tool_errors"]
    assert one(vault, "SELECT count(*) FROM decisions WHERE outcome = 'unknown'") == want["missing_results"]
    assert tokens(vault) == {key: want[f"tokens_dedup.{key}"] for key in TOKENS}


TOKENS = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def tokens(vault: Snapshot) -> dict[str, int]:
    row = vault.sql(
        "SELECT coalesce(sum(tokens_in), 0)::BIGINT AS i, coalesce(sum(tokens_out), 0)::BIGINT AS o, "
        "coalesce(sum(tokens_cache_write), 0)::BIGINT AS w, coalesce(sum(tokens_cache_read), 0)::BIGINT AS r "
        "FROM executions"
    ).to_pylist()[0]
    return dict(zip(TOKENS, (row["i"], row["o"], row["w"], row["r"]), strict=True))


@pytest.mark.parametrize("folder", ["agentcmd", "claude-code-log"])
def test_claude_code_folders_with_copies(
    folder: str, vault_of: Harvested, expected: dict[str, Any], corpus: Path
) -> None:
    vault = vault_of(f"claude-code/{folder}")
    files = sorted((corpus / "claude-code" / folder).rglob("*.jsonl"))
    # Alone, every file gives what the counter counted in it: the sums over files are the figures of EXPECTED.json.
    sums: Counter[str] = Counter()
    for path in files:
        alone = vault_of(f"claude-code/{folder}/{path.relative_to(corpus / 'claude-code' / folder)}")
        sums.update({tool: many for tool, many in counts(alone, TOOLS).items() if tool != "unknown"})
    assert dict(sums) == expected[f"claude-code/{folder}"]["tools"]
    # Together, a call that several files hold counts once.
    calls = {
        (block["id"], record.get("uuid"))
        for path in files
        for record in records(path)
        for block in blocks(record)
        if block.get("type") == "tool_use"
    }
    assert one(vault, "SELECT count(*) FROM decisions WHERE tool <> 'unknown'") == len({call for call, _ in calls})
    usage: dict[str, dict[str, int]] = {}
    for path in files:
        for record in records(path):
            message = record.get("message")
            if record.get("type") == "assistant" and isinstance(message, dict):
                # Hand-written examples repeat ids such as msg_01 for other messages of other sessions.
                key = f"{message.get('id') or record.get('uuid')} {record.get('sessionId')}"
                usage[key] = {name: (message.get("usage") or {}).get(name) or 0 for name in TOKENS}
    assert tokens(vault) == {name: sum(each[name] for each in usage.values()) for name in TOKENS}


def records(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value


def blocks(record: dict[str, Any]) -> list[dict[str, Any]]:
    message = record.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def test_langchain(vault_of: Harvested, expected: dict[str, Any], corpus: Path) -> None:
    for want in expected["langchain"]:
        vault = vault_of(f"langchain/{want['file']}")
        assert one(vault, "SELECT count(*) FROM executions") == want["traces"]
        assert counts(vault, TOOLS) == want["tools"]
        assert_known_outcomes(vault, corpus / "langchain")
    # The export and the ingest operations are of the same ten traces.
    vault = vault_of("langchain/langsmith_runs_flat.jsonl", "langchain/langsmith_ingest_ops.jsonl")
    assert one(vault, "SELECT count(*) FROM executions") == 10


def assert_known_outcomes(vault: Snapshot, folder: Path) -> None:
    known = json.loads((folder / "expected_outcomes.json").read_text())
    rows = vault.sql("SELECT task_id, agent_id, status, success FROM executions").to_pylist()
    ends = {(row["task_id"].removeprefix("task:"), row["agent_id"]): row["status"] for row in rows}
    want = {(k["task"], k["agent"]): "failed" if k["outcome"] == "error" else "completed" for k in known}
    assert ends == want
    assert {row["success"] for row in rows} == {None}


@pytest.mark.parametrize("folder", ["openinference-langchain", "openllmetry-langchain"])
def test_otel_of_langchain(folder: str, vault_of: Harvested, expected: dict[str, Any], corpus: Path) -> None:
    want = expected[f"otel/{folder}"]
    vault = vault_of(f"otel/{folder}")
    assert one(vault, "SELECT count(*) FROM executions") == want["traces"]
    tools = {key.removeprefix("tools."): many for key, many in want.items() if key.startswith("tools.")}
    assert counts(vault, TOOLS) == tools
    assert_known_outcomes(vault, corpus / "otel")


def test_otel_any_agent(vault_of: Harvested, expected: dict[str, Any]) -> None:
    want = expected["otel/any-agent"]
    vault = vault_of("otel/any-agent")
    assert one(vault, "SELECT count(*) FROM executions") == want["traces"]
    assert one(vault, "SELECT count(*) FROM decisions") == want["kinds.gen_ai=execute_tool"]


def test_otel_without_agents_holds_no_run(vault_of: Harvested) -> None:
    vault = vault_of("otel/open-agent-traces")
    assert one(vault, "SELECT count(*) FROM executions") == 0
    assert vault.sql("SELECT status, reason FROM sources").to_pylist() == [
        {"status": "empty", "reason": "exists but holds no run (2 records)"}
    ]


def test_agentflow(vault_of: Harvested, corpus: Path) -> None:
    vault = vault_of("agentflow")
    known = json.loads((corpus / "agentflow" / "_expected.json").read_text())
    rows = vault.sql(
        "SELECT s.path, e.agent_id, e.status, count(*) FILTER (WHERE d.tool <> '') AS tools, "
        "count(*) FILTER (WHERE d.tool <> '' AND d.outcome IN ('failed', 'timeout')) AS failed "
        "FROM executions AS e JOIN sources AS s ON s.source_id = e.source_id "
        "LEFT JOIN decisions AS d ON d.execution_id = e.execution_id GROUP BY s.path, e.agent_id, e.status"
    ).to_pylist()
    found = {Path(row["path"]).name: row for row in rows}
    assert len(found) == len(known)
    for want in known:
        row = found[want["file"]]
        status = "unknown" if want["status"] == "running" else want["status"]
        assert (row["agent_id"], row["status"]) == (want["agentId"], status), want["file"]
        assert (row["tools"], row["failed"]) == (want["tools"], want["failedTools"]), want["file"]


def test_tau_bench(vault_of: Harvested, expected: dict[str, Any]) -> None:
    want = expected["tau-bench"]
    vault = vault_of("tau-bench")
    assert one(vault, "SELECT count(*) FROM executions") == want["runs"]
    assert one(vault, "SELECT count(*) FROM executions WHERE success") == want["successes"]
    assert one(vault, "SELECT avg(score) FROM executions") == pytest.approx(want["mean_reward"])
    assert counts(vault, TOOLS) == want["tools"]
    assert one(vault, "SELECT count(*) FROM decisions WHERE outcome = 'failed'") == want["totals"]["error_prefix"]
    never = vault.sql("SELECT task_id FROM executions WHERE NOT success").column(0).to_pylist()
    assert sorted(int(task.rsplit(":", 1)[1]) for task in never) == sorted(want["tasks_never"])


def test_intercode_success_per_agent(vault_of: Harvested, expected: dict[str, Any]) -> None:
    vault = vault_of("intercode-bash")
    want_runs: Counter[str] = Counter()
    want_solved: Counter[str] = Counter()
    want_turns: Counter[str] = Counter()
    for each in expected["intercode-bash"]:
        agent = each["file"].split("/")[-2]
        want_runs[agent] += each["tasks"]
        want_solved[agent] += each["solved"]
        want_turns[agent] += each["turns"]
    assert counts(vault, "SELECT agent_id, count(*)::INTEGER FROM executions GROUP BY agent_id") == want_runs
    assert (
        counts(vault, "SELECT agent_id, count(*) FILTER (WHERE success)::INTEGER FROM executions GROUP BY agent_id")
        == want_solved
    )
    assert counts(vault, "SELECT agent_id, count(*)::INTEGER FROM decisions GROUP BY agent_id") == want_turns
