"""Builds small nested traces of an agent that writes code, in the shape Patronus exports them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from soma.adapters.trail import ADAPTER
from soma.model import ExecutionDraft
from tests.adapters.reading import Readout, run

TRACE = "0af7651916cd43dd8448eb211c80319c"
RATE_LIMIT = {
    "Name": "exception",
    "Attributes": {"exception.type": "RateLimitError", "exception.message": "too many requests"},
}


def span(
    number: int, name: str, kind: str | None, *children: dict[str, Any], at: float = 0, lasts: str | None = "PT1S",
    status: str = "Ok", events: list[dict[str, Any]] | None = None, parent: int | None = None, **attributes: Any,
) -> dict[str, Any]:  # fmt: skip
    """A span that starts ``at`` seconds after ten."""
    facts = {key.replace("__", "."): value for key, value in attributes.items()}
    if kind is not None:
        facts["openinference.span.kind"] = kind
    return {
        "timestamp": f"2026-05-05T10:00:{at:09.6f}Z", "trace_id": TRACE, "span_id": f"{number:016x}",
        "parent_span_id": None if parent is None else f"{parent:016x}", "span_name": name, "span_kind": "Internal",
        "resource_attributes": {"service.name": "3f2a"}, "span_attributes": facts, "duration": lasts,
        "status_code": status, "status_message": "", "events": events or [], "links": [], "logs": [],
        "child_spans": list(children),
    }  # fmt: skip


def model(number: int, says: str | None = None, at: float = 0, lasts: str = "PT2S", **more: Any) -> dict[str, Any]:
    """A model call that says something and costs ten tokens in, two out."""
    facts: dict[str, Any] = {}
    if says is not None:
        facts = {
            "llm__output_messages__0__message__role": "assistant", "llm__output_messages__0__message__content": says,
            "llm__model_name": "m", "llm__token_count__prompt": "10", "llm__token_count__completion": "2",
        }  # fmt: skip
    return span(number, "Model.__call__", "LLM", at=at, lasts=lasts, **{**facts, **more})


def code(words: str, program: str) -> str:
    return f"{words}\n```py\n{program}\n```<end_code>"


def step(number: int, *children: dict[str, Any], n: int = 1, **more: Any) -> dict[str, Any]:
    return span(number, f"Step {n}", "CHAIN", *children, **{"lasts": "PT5S", **more})


def agent(number: int, *children: dict[str, Any], name: str = "CodeAgent.run", **more: Any) -> dict[str, Any]:
    asked = {"input__value": json.dumps({"task": "fix it"}), "pat__app": "bench"}
    return span(number, name, "AGENT", *children, **{**asked, "lasts": "PT30S", **more})


def trace(*spans: dict[str, Any]) -> dict[str, Any]:
    return {"trace_id": TRACE, "spans": list(spans)}


def read(folder: Path, *values: Any) -> Readout:
    paths = []
    for number, value in enumerate(values):
        paths.append(folder / f"{number}.json")
        paths[-1].write_text(json.dumps(value))
    return run(ADAPTER, *paths)


def one(folder: Path, *values: Any) -> ExecutionDraft:
    out = read(folder, *values)
    assert out.damage == []
    (draft,) = out.executions
    return draft
