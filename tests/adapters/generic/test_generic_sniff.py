"""What is claimed as a conversation, and what is left to others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.blocks.head import Head
from soma.adapters.contract import Match
from soma.adapters.generic import ADAPTER
from tests.adapters.reading import sniff

from .conversations import anthropic, legacy, openai, responses


def claim(value: Any, name: str = "file.json") -> Match | None:
    data = value if isinstance(value, bytes) else json.dumps(value, indent=1).encode()
    return ADAPTER.sniff(Head(name, len(data), data))


def as_lines(values: list[Any]) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


@pytest.mark.corpus
def test_of_all_formats_only_the_benchmarks_are_claimed(corpus: Path) -> None:
    claimed: dict[str, float] = {}
    files = [path for path in sorted(corpus.rglob("*")) if path.is_file()]
    for path in files:
        if (match := sniff(ADAPTER, path)) is not None:
            claimed[path.relative_to(corpus).as_posix()] = match.confidence
    tau = [path for path in files if path.parent.name == "agentrx-tau" and path.name != "tau_ground_truth.json"]
    talks = sorted(corpus.glob("attribution/whowhen-algorithm/*.json"))
    wanted = [*corpus.glob("tau-bench/agentrx*.json"), *corpus.glob("intercode-bash/*/*.json"), *tau, *talks]
    assert len(files) > 300 and len(talks) == 63 and len(wanted) == 26 + 63
    assert claimed == {path.relative_to(corpus).as_posix(): 0.9 for path in wanted}


@pytest.mark.parametrize("messages", [openai(), anthropic(), responses(), legacy()])
def test_conversations_in_any_wrapper_are_claimed_weakly(messages: list[dict[str, Any]]) -> None:
    wrappers: list[Any] = [
        messages,
        {"messages": messages},
        {"steps_taken_together": messages, "score": 1},
        [{"history": messages}, {"history": messages}],
        {"results": [{"run": {"dialog": messages}}]},
        [messages, messages],
        as_lines(messages),
        as_lines([{"messages": messages}, {"messages": messages}]),
        as_lines([{"session_id": "a", "ts": 1, "message": message} for message in messages]),
    ]
    for wrapped in wrappers:
        match = claim(wrapped)
        assert match is not None and match.confidence == 0.2


@pytest.mark.parametrize(
    "value",
    [
        {"name": "left-pad", "version": "1.3.0", "dependencies": {"a": "^1"}, "scripts": {"test": "node test"}},
        {"role": "assistant", "content": "a lone message is no conversation"},
        {"users": [{"role": "user", "name": "Ann"}, {"role": "system", "name": "Bob"}]},
        {"messages": [{"role": "user", "content": "a prompt nobody answered"}]},
        {"messages": ["one", "two"]},
        [{"type": "message", "uuid": "u", "message": {"role": "user", "content": "hi"}}] * 3,
        {"resourceSpans": [], "messages": openai()},
        {"run_type": "chain", "inputs": {"messages": openai()}},
        {"schema_version": "ATIF-v1.5", "steps": [], "messages": openai()},
        {"history": openai(), "mistake_step": "3"},
        {"trajectory": [{"action": "ls", "observation": "x", "thought": ""}], "history": openai()},
        {"eval": {}, "samples": [{"messages": openai()}]},
        {"nodes": {}, "edges": [], "messages": openai()},
        {"sessionId": "s", "projectHash": "p", "messages": openai()},
        [], {}, [[]], 3, "text", None,
    ],
)  # fmt: skip
def test_what_is_no_conversation_is_left_alone(value: Any) -> None:
    assert claim(value) is None


def test_a_log_that_mentions_a_conversation_once_is_a_log() -> None:
    entries: list[Any] = [{"level": "info", "text": str(n)} for n in range(10)]
    assert claim(as_lines([*entries, {"messages": openai()}])) is None


def test_a_long_document_is_told_by_its_beginning() -> None:
    runs = [{"task_id": n, "reward": 1.0, "trial": 0, "traj": openai()} for n in range(800)]
    match = claim(runs)
    assert match is not None and (match.confidence, match.variant) == (0.9, "tau-bench")
    prompt = {"role": "system", "content": "x" * 400_000}
    assert claim([{"messages": [{"role": "user", "content": "first"}, prompt, *openai()]}]) is not None


def test_benchmarks_by_shape_not_by_name() -> None:
    entry = {"environment": "ic_sql", "query": "count", "turn_history": {"actions": ["select 1"]}, "summary": {}}
    for value in ({"0": entry}, {"logs": {"0": entry}, "hyperparams": {"model": "m"}}):
        match = claim(value, "anything.txt")
        assert match is not None and (match.confidence, match.variant) == (0.9, "intercode")
