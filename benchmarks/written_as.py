"""The sessions of ``traffic.py`` as five frameworks write them, and folders full of them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

from traffic import EPOCH, Session, sessions


def openclaw(run: Session) -> str:
    """A session transcript as OpenClaw writes it: one entry a line, each naming its parent."""
    lines: list[dict[str, Any]] = [{"type": "session", "version": 3, "id": run.name, "timestamp": _iso(EPOCH)}]
    last: str | None = None

    def entry(at: float, kind: str, **fields: Any) -> None:
        nonlocal last
        name = f"{len(lines):08x}"
        lines.append({"type": kind, "id": name, "parentId": last, "timestamp": _iso(at), **fields})
        last = name

    first = run.calls[0].started
    entry(first - 2, "model_change", provider="anthropic", modelId=run.model)
    entry(first - 1, "message", message={"role": "user", "content": [{"type": "text", "text": run.request}]})
    for place, call in enumerate(run.calls):
        call_id = f"toolu_{run.name}_{place}"
        usage = {
            "input": 900 + place,
            "output": 60,
            "cacheRead": 5000,
            "cacheWrite": 0,
            "totalTokens": 5960,
            "cost": {"input": 0.001, "output": 0.0009, "cacheRead": 0.0015, "cacheWrite": 0, "total": 0.0034},
        }
        content: list[dict[str, Any]] = [
            {"type": "thinking", "thinking": call.reasoning, "thinkingSignature": "c2lnbmF0dXJl" * 20},
            {"type": "toolCall", "id": call_id, "name": call.tool, "arguments": call.arguments},
        ]
        entry(
            call.started,
            "message",
            message={
                "role": "assistant",
                "content": content,
                "api": "anthropic-messages",
                "provider": "anthropic",
                "model": run.model,
                "usage": usage,
                "stopReason": "toolUse",
                "timestamp": int(call.started * 1000),
            },
        )
        details: dict[str, Any] = {}
        if call.tool == "exec":
            details = {
                "status": "completed",
                "exitCode": int(call.failed),
                "durationMs": int(call.took * 1000),
                "aggregated": call.output,
                "cwd": "/srv/app",
            }
        done = call.started + call.took
        entry(
            done,
            "message",
            message={
                "role": "toolResult",
                "toolCallId": call_id,
                "toolName": call.tool,
                "content": [{"type": "text", "text": call.output}],
                "details": details,
                "isError": call.failed,
                "timestamp": int(done * 1000),
            },
        )
    entry(
        done,
        "message",
        message={
            "role": "assistant",
            "content": [{"type": "text", "text": "Done."}],
            "model": run.model,
            "stopReason": "stop",
            "timestamp": int(done * 1000),
        },
    )
    return _lines(lines)


def claude_code(run: Session) -> str:
    """A session as Claude Code writes it."""
    about = {
        "isSidechain": False,
        "userType": "external",
        "cwd": f"/srv/{run.agent}",
        "sessionId": run.name,
        "version": "2.0.76",
        "gitBranch": "main",
    }
    lines: list[dict[str, Any]] = []

    def line(at: float, kind: str, message: dict[str, Any], **fields: Any) -> None:
        parent = lines[-1]["uuid"] if lines else None
        lines.append(
            {
                "parentUuid": parent,
                **about,
                "type": kind,
                "message": message,
                "uuid": f"{run.name}-{len(lines)}",
                "timestamp": _iso(at),
                **fields,
            }
        )

    line(run.calls[0].started - 1, "user", {"role": "user", "content": run.request})
    for place, call in enumerate(run.calls):
        call_id, name = f"toolu_{run.name}_{place}", {"exec": "Bash", "read": "Read"}.get(call.tool, call.tool.title())
        usage = {
            "input_tokens": 4,
            "cache_creation_input_tokens": 300,
            "cache_read_input_tokens": 9000,
            "output_tokens": 60,
            "service_tier": "standard",
        }
        message = {
            "id": f"msg_{run.name}_{place}",
            "type": "message",
            "role": "assistant",
            "model": run.model,
            "stop_reason": "tool_use",
            "stop_sequence": None,
            "usage": usage,
        }
        line(call.started, "assistant", {**message, "content": [{"type": "text", "text": call.reasoning}]})
        block = {"type": "tool_use", "id": call_id, "name": name, "input": call.arguments}
        line(call.started, "assistant", {**message, "content": [block]})
        result = {"tool_use_id": call_id, "type": "tool_result", "content": call.output, "is_error": call.failed}
        said = {"stdout": call.output, "stderr": "", "interrupted": False, "isImage": False}
        line(call.started + call.took, "user", {"role": "user", "content": [result]}, toolUseResult=said)
    return _lines(lines)


def langsmith(run: Session) -> str:
    """A run export: the agent's run, and below it a model run and a tool run for each call."""
    root = f"{run.name}-root"
    metadata = {"ls_integration": "langchain_create_agent", "lc_agent_name": run.agent, "thread_id": run.name}

    def of(name: str, kind: str, begin: float, end: float, **fields: Any) -> dict[str, Any]:
        return {
            "start_time": _iso(begin),
            "end_time": _iso(end),
            "trace_id": root,
            "session_name": "bench",
            "name": name,
            "run_type": kind,
            "tags": ["seq:step:1"],
            "status": "success",
            "events": [{"name": "start", "time": _iso(begin)}, {"name": "end", "time": _iso(end)}],
            **fields,
        }

    first, last = run.calls[0].started, run.calls[-1].started + run.calls[-1].took
    lines = [
        of(
            run.agent,
            "chain",
            first - 1,
            last + 1,
            id=root,
            dotted_order=f"20260101T000000000000Z{root}",
            inputs={"messages": [["user", run.request]]},
            outputs={},
            extra={"metadata": metadata},
        )
    ]
    for place, call in enumerate(run.calls):
        call_id = f"call_{run.name}_{place}"
        chosen = {"name": call.tool, "args": call.arguments, "id": call_id, "type": "tool_call"}
        message = {
            "lc": 1,
            "type": "constructor",
            "id": ["langchain", "schema", "messages", "AIMessage"],
            "kwargs": {
                "content": call.reasoning,
                "type": "ai",
                "tool_calls": [chosen],
                "id": f"lc_run--{call_id}",
                "response_metadata": {"model_name": run.model, "finish_reason": "tool_calls"},
                "usage_metadata": {"input_tokens": 900, "output_tokens": 60, "total_tokens": 960},
            },
        }
        said = {
            "generations": [[{"text": call.reasoning, "type": "ChatGeneration", "message": message}]],
            "llm_output": {"model_name": run.model},
            "run": None,
            "type": "LLMResult",
        }
        llm, tool = f"{run.name}-llm-{place}", f"{run.name}-tool-{place}"
        lines.append(
            of(
                "ChatModel",
                "llm",
                call.started - 0.5,
                call.started,
                id=llm,
                parent_run_id=root,
                dotted_order=f"20260101T000000000000Z{root}.20260101T00000{place:07d}Z{llm}",
                inputs={"messages": [[{"type": "human", "content": run.request}]]},
                outputs=said,
                extra={"metadata": metadata},
            )
        )
        answer = {
            "output": {
                "content": call.output,
                "type": "tool",
                "name": call.tool,
                "tool_call_id": call_id,
                "status": "error" if call.failed else "success",
            }
        }
        lines.append(
            of(
                call.tool,
                "tool",
                call.started,
                call.started + call.took,
                id=tool,
                parent_run_id=root,
                dotted_order=f"20260101T000000000000Z{root}.20260101T00000{place:07d}Z{tool}",
                inputs=call.arguments,
                outputs=answer,
                extra={"metadata": metadata, "tool_call_id": call_id},
            )
        )
    return _lines(lines)


def otlp(run: Session) -> str:
    """OTLP/JSON lines as a collector's file exporter writes them, with the GenAI names."""
    trace = f"{hash_of(run.name):032x}"
    root = f"{hash_of(run.name + 'root'):016x}"[-16:]

    def span(
        name: str, place: str, begin: float, end: float, failed: bool, attributes: dict[str, Any]
    ) -> dict[str, Any]:
        own = root if place == "root" else f"{hash_of(run.name + place):016x}"[-16:]
        return {
            "traceId": trace,
            "spanId": own,
            "parentSpanId": "" if own == root else root,
            "name": name,
            "kind": 1,
            "startTimeUnixNano": str(int(begin * 1e9)),
            "endTimeUnixNano": str(int(end * 1e9)),
            "attributes": [{"key": key, "value": _any_value(value)} for key, value in attributes.items()],
            "status": {"code": 2, "message": "tool failed"} if failed else {},
        }

    first, last = run.calls[0].started, run.calls[-1].started + run.calls[-1].took
    spans = [
        span(
            f"invoke_agent {run.agent}",
            "root",
            first - 1,
            last + 1,
            False,
            {
                "gen_ai.operation.name": "invoke_agent",
                "gen_ai.agent.name": run.agent,
                "gen_ai.conversation.id": run.name,
                "gen_ai.input.messages": json.dumps(
                    [{"role": "user", "parts": [{"type": "text", "content": run.request}]}]
                ),
            },
        )
    ]
    for place, call in enumerate(run.calls):
        call_id = f"call_{run.name}_{place}"
        parts = [
            {"type": "text", "content": call.reasoning},
            {"type": "tool_call", "id": call_id, "name": call.tool, "arguments": call.arguments},
        ]
        spans.append(
            span(
                f"chat {run.model}",
                f"llm{place}",
                call.started - 0.5,
                call.started,
                False,
                {
                    "gen_ai.operation.name": "chat",
                    "gen_ai.request.model": run.model,
                    "gen_ai.usage.input_tokens": 900,
                    "gen_ai.usage.output_tokens": 60,
                    "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": parts}]),
                },
            )
        )
        spans.append(
            span(
                f"execute_tool {call.tool}",
                f"tool{place}",
                call.started,
                call.started + call.took,
                call.failed,
                {
                    "gen_ai.operation.name": "execute_tool",
                    "gen_ai.tool.name": call.tool,
                    "gen_ai.tool.call.id": call_id,
                    "gen_ai.tool.call.arguments": json.dumps(call.arguments),
                    "gen_ai.tool.call.result": call.output,
                },
            )
        )
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": run.agent}}]}
    batches = [spans[start : start + 32] for start in range(0, len(spans), 32)]
    return _lines(
        [
            {
                "resourceSpans": [
                    {"resource": resource, "scopeSpans": [{"scope": {"name": "bench", "version": "1"}, "spans": batch}]}
                ]
            }
            for batch in batches
        ]
    )


def agentflow(run: Session) -> str:
    """One execution graph as AgentFlow writes it, of about 8 KB with 11 or 12 calls."""
    ids = [f"node_{place + 2:03d}" for place in range(len(run.calls) + 1)]

    def ms(at: float) -> int:
        return int(at * 1000)

    first, last = run.calls[0].started, run.calls[-1].started + run.calls[-1].took
    nodes = {
        ids[0]: {
            "id": ids[0],
            "type": "agent",
            "name": run.agent,
            "startTime": ms(first),
            "endTime": ms(last),
            "status": "completed",
            "parentId": None,
            "children": ids[1:],
            "metadata": {},
            "state": {},
        }
    }
    events: list[dict[str, Any]] = []
    for name, call in zip(ids[1:], run.calls, strict=True):
        begin, end = ms(call.started), ms(call.started + call.took)
        status = "failed" if call.failed else "completed"
        nodes[name] = {
            "id": name,
            "type": "tool",
            "name": call.tool,
            "startTime": begin,
            "endTime": end,
            "status": status,
            "parentId": ids[0],
            "children": [],
            "metadata": {"args": {"path": "src", "n": begin % 7}},
            "state": {"output": call.output[:120]},
        }
        events += [
            {"timestamp": begin, "eventType": "agent_start", "nodeId": name, "data": {"name": call.tool}},
            {"timestamp": end, "eventType": "agent_end", "nodeId": name, "data": {"status": status}},
        ]
    edges = [{"from": ids[0], "to": name, "type": "spawned"} for name in ids[1:]]
    graph = {
        "id": run.name,
        "rootNodeId": ids[0],
        "nodes": nodes,
        "edges": edges,
        "startTime": ms(first),
        "endTime": ms(last),
        "status": "completed",
        "trigger": "cron",
        "agentId": run.agent,
        "events": events,
    }
    return json.dumps(graph)


FORMATS: dict[str, Callable[[Session], str]] = {
    "openclaw": openclaw,
    "claude-code": claude_code,
    "langsmith": langsmith,
    "otlp": otlp,
}


def write(form: str, folder: Path, size: int, seed: int = 7) -> int:
    """Fill ``folder`` with about ``size`` bytes of one format; returns the bytes written."""
    folder.mkdir(parents=True)
    written = 0
    for run in sessions(seed):
        data = FORMATS[form](run).encode()
        (folder / f"{run.name}.jsonl").write_bytes(data)
        written += len(data)
        if written >= size:
            break
    return written


def write_one(form: str, path: Path, size: int, seed: int = 7, at_once: int = 16) -> int:
    """Fill one file with about ``size`` bytes of lines of ``at_once`` sessions in turn; returns the bytes written."""
    path.parent.mkdir(parents=True)
    written = 0
    runs = sessions(seed)
    with path.open("wb") as stream:
        while written < size:
            some = [FORMATS[form](run).encode().splitlines(keepends=True) for run in islice(runs, at_once)]
            for lines in zip_longest(*some, fillvalue=b""):
                written += sum(map(stream.write, lines))
    return written


def write_graphs(folder: Path, count: int, seed: int = 7) -> int:
    """Fill ``folder`` with AgentFlow graphs of about 8 KB; returns the bytes written."""
    folder.mkdir(parents=True)
    written = 0
    for number, run in zip(range(count), sessions(seed, calls=(11, 12)), strict=False):
        data = agentflow(run).encode()
        (folder / f"{run.agent}-{number}.json").write_bytes(data)
        written += len(data)
    return written


def hash_of(text: str) -> int:
    """A number that is the same in every process."""
    return random.Random(text).getrandbits(120)


def _any_value(value: Any) -> dict[str, Any]:
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}


def _iso(at: float) -> str:
    return datetime.fromtimestamp(round(at, 3), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _lines(values: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(value, separators=(",", ":"), ensure_ascii=False) + "\n" for value in values)
