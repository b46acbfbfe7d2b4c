"""Real chats against the figures that were counted independently."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.gemini_cli import ADAPTER
from tests.adapters.reading import run, sniff

pytestmark = pytest.mark.corpus


def expected_of(corpus: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((corpus / "EXPECTED.json").read_text())["gemini-cli"]
    return found


def test_every_figure(corpus: Path) -> None:
    expected = expected_of(corpus)
    assert len(expected) == 3
    for figures in expected:
        path = corpus / "gemini-cli" / figures["file"]
        (execution,) = run(ADAPTER, path).executions
        decisions = execution.decisions
        assert len(decisions) == figures["tool_calls"]
        assert Counter(decision.tool for decision in decisions) == figures["tools"]
        assert int(execution.labels["turns"]) == figures["types"]["user"]
        spent = (execution.tokens_in or 0) + (execution.tokens_cache_read or 0) + (execution.tokens_out or 0)
        assert spent == figures["tokens"]
        outcomes = Counter(decision.outcome for decision in decisions)
        # A shell command that exited with something other than 0 has the status success; it failed all the same.
        messages = json.loads(path.read_text())["messages"]
        assert len(messages) == figures["messages"]
        exits = [
            json.dumps(call["result"])
            for message in messages
            for call in message.get("toolCalls", [])
            if call["status"] == "success" and call["name"] == "run_shell_command"
        ]
        broken = sum(bool(re.search(r"\\nExit Code: [1-9]", text)) for text in exits)
        assert outcomes["ok"] == figures["status"].get("success", 0) - broken
        assert outcomes["failed"] == figures["status"].get("error", 0) + broken
        assert outcomes["skipped"] == figures["status"].get("cancelled", 0)


def test_only_gemini_cli_is_claimed(corpus: Path) -> None:
    for path in sorted(corpus.rglob("*")):
        if path.is_file():
            assert (sniff(ADAPTER, path) is not None) == ("gemini-cli" in path.parts), path
