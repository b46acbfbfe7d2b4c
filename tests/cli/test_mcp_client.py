"""The MCP server asked by a real client, over stdin and stdout of a real process."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from pathlib import Path
from typing import Any

import pytest

from soma import Vault, codec
from soma.api.answers import MOST_BYTES, Answers, bounded
from soma.synthesizer.jobs import divergence

mcp = pytest.importorskip("mcp", reason='pip install "soma-harvest[mcp]"')
HOSTILE = [
    "'; DROP TABLE executions; --",
    "../../../etc/passwd",
    "x' OR '1'='1",
    "$(touch /tmp/owned)",
    "\x1b]0;x\x07",
    "",
]
TOOLS = {"query_policies", "briefing", "divergence", "evidence", "decisions"}


def asked(vault: Path, *calls: tuple[str, dict[str, Any]]) -> tuple[list[Any], list[tuple[bool, str]]]:
    """The tools the server lists, and for every call whether it was refused and what was said."""

    async def ask() -> tuple[list[Any], list[tuple[bool, str]]]:
        server = mcp.StdioServerParameters(
            command=sys.executable, args=["-m", "soma.cli.main", "mcp", "--vault", str(vault)]
        )
        async with mcp.Client(server) as client:
            tools = (await client.list_tools()).tools
            said = []
            for name, arguments in calls:
                answer = await client.call_tool(name, arguments)
                said.append((bool(answer.is_error), answer.content[0].text))
            return list(tools), said

    return asyncio.run(ask())


def files_of(vault: Path) -> dict[str, str]:
    return {
        str(path.relative_to(vault)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(vault.rglob("*"))
        if path.is_file()
    }


def test_a_client_lists_and_calls_every_tool(vault: Path) -> None:
    before = files_of(vault)
    run = Vault(vault).sql("SELECT execution_id FROM executions WHERE decisions > 2 ORDER BY execution_id LIMIT 1")
    execution = run["execution_id"][0].as_py()
    pair = divergence.run(Vault(vault).snapshot()).pairs[0]
    tools, said = asked(
        vault,
        ("query_policies", {"intent": "route", "limit": 3}),
        ("briefing", {"agent": "gpt-4"}),
        ("divergence", {"agents": [pair.first.agent_id, pair.second.agent_id], "limit": 1}),
        ("evidence", {"id": execution, "limit": 1}),
        ("decisions", {"execution": execution, "start": 1, "limit": 1}),
        *(("evidence", {"id": text}) for text in HOSTILE),
        *(("briefing", {"agent": text}) for text in HOSTILE),
        ("query_policies", {"intent": HOSTILE[0]}),
        ("decisions", {"execution": "x" * 100_000}),
        ("sql", {"query": "SELECT 1"}),
    )
    assert {tool.name for tool in tools} == TOOLS
    assert all(tool.annotations.read_only_hint for tool in tools)
    answers = [codec.decode(text) for refused, text in said[:5] if not refused]
    assert len(answers) == 5, said[:5]
    policies, briefing, parted, evidence, decisions = answers
    assert len(policies["answers"]) == 3 and policies["total"] > 3
    assert briefing["agent"]["agentId"] == "gpt-4"
    assert len(parted["pairs"]) == 1
    assert evidence["broken"] is False and evidence["records"][0]["text"]
    assert [link["number"] for link in decisions["run"]["decisions"]] == [2] and decisions["total"] > 2
    # Whatever else was said: refused, with a sentence, and the server answers on. An empty route is an answer, too.
    assert all(refused for refused, _ in said[5:]), said[5:]
    assert not any("Traceback" in text or "site-packages" in text for _, text in said)
    assert files_of(vault) == before


def test_a_hostile_name_is_looked_up_and_nothing_else(vault: Path) -> None:
    answers = Answers(Vault(vault))
    for text in HOSTILE:
        found = answers.query_policies("enforce", agent=text, team=text)
        assert found["answers"] == []
    assert Vault(vault).sql("SELECT count(*) AS n FROM executions")["n"][0].as_py() > 0


def test_an_oversized_answer_is_cut_with_a_note() -> None:
    large = {"kind": "x", "items": [{"id": number, "text": "ä" * 3_000} for number in range(500)], "few": [1, 2]}
    cut = bounded(large)
    assert len(codec.encode(cut).encode()) <= MOST_BYTES
    assert "items: the first" in cut["note"] and "of 500" in cut["note"] and cut["few"] == [1, 2]
    assert cut["items"][0]["text"].endswith("…")
    assert bounded({"a": 1}) == {"a": 1}
    nothing_to_cut = bounded({str(number): "x" * 900 for number in range(500)})
    assert "ask for less" in nothing_to_cut["note"]


def test_a_client_that_asks_for_a_long_run_at_once_is_told_that_it_was_cut(vault: Path) -> None:
    longest = (
        Vault(vault)
        .sql(
            "SELECT execution_id FROM decisions GROUP BY execution_id "
            "ORDER BY sum(length(coalesce(output, '')) + length(coalesce(arguments, ''))) DESC, execution_id LIMIT 1"
        )["execution_id"][0]
        .as_py()
    )
    _, ((refused, text),) = asked(vault, ("decisions", {"execution": longest, "limit": 100}))
    assert not refused
    assert len(text.encode()) <= MOST_BYTES
    answer = codec.decode(text)
    assert answer["note"].startswith("This answer was cut to fit: long texts are cut")
    assert any(
        text.endswith("…") for link in answer["run"]["decisions"] for text in link.values() if isinstance(text, str)
    )
