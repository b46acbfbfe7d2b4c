"""Steps of an agent that left no tool span: what its model asked for, or the code it wrote, becomes the call.

smolagents runs each step inside a CHAIN span ``Step N``: the model answers, then the code (or the tool) runs. A step is
no decision of its own where tool spans or a sub-agent stand for it, unless it failed although they did not; nor where
the model call itself broke, because then nothing was decided.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from soma.adapters.blocks.document import as_object, as_text
from soma.adapters.otel.messages import Call, output_messages, spoken
from soma.adapters.otel.values import text_of

CODE_TOOL = "python_interpreter"
"""What smolagents itself calls the tool that runs an agent's code."""

_STEP = re.compile(r"Step \d{1,6}")
_CODE = re.compile(r"```(?:python|py)?[ \t]*\n(.*?)(?:```|\Z)|<code>\s*\n?(.*?)(?:</code>|\Z)", re.DOTALL)
_KIND = "openinference.span.kind"
_REPLY = "llm.output_messages.0.message."
_STAND_FOR_A_STEP = frozenset({"TOOL", "AGENT"})
Span = dict[str, Any]


def with_steps(spans: list[Span]) -> list[Span]:
    """The spans, with every step that has to stand for itself written as the call it made."""
    children: dict[Any, list[Span]] = defaultdict(list)
    for span in spans:
        parent = span["parent_id"]
        if isinstance(parent, str):
            children[parent].append(span)
    added: list[Span] = []
    for span in spans:
        if _kind(span) == "CHAIN" and _STEP.fullmatch(span["name"]):
            added += _resolve(span, list(_inside(span, children)))
    return spans + added


def _resolve(step: Span, inside: list[Span]) -> list[Span]:
    """Turn a step into a call where it has to be one; further calls of the same step are returned."""
    others = [span for span in inside if _kind(span) in _STAND_FOR_A_STEP]
    if others and (not _failed(step) or any(map(_failed, others))):
        return []
    models = [span for span in inside if _kind(span) == "LLM"]
    if models and all(map(_failed, models)):
        return []
    calls = _asked(models[-1]) if models and not others else []
    if len(calls) <= 1:
        name, arguments = (calls[0].name, calls[0].arguments) if calls else (_code_tool(models, step))
        _make_call(step, name, arguments, step["context"]["span_id"])
        if models:
            _let_ask(models[-1], step)
            _begin_after(models[-1], step)
        return []
    return [_part(step, call, number) for number, call in enumerate(calls)]


def _begin_after(model: Span, step: Span) -> None:
    """The call began when the model had answered, not when the step did."""
    answered, ended = model["end_time"], step["end_time"]
    if answered is not None and ended is not None and answered <= ended:
        step["start_time"] = answered


def _asked(model: Span) -> list[Call]:
    found = output_messages(model["attributes"], ())
    return [call for message in found for call in message.calls]


def _code_tool(models: list[Span], step: Span) -> tuple[str, Any]:
    said = spoken(output_messages(models[-1]["attributes"], ())) if models else None
    code = _CODE.search(said or "")
    return (CODE_TOOL, {"code": code[1] if code[1] is not None else code[2]}) if code else (step["name"], None)


def _make_call(span: Span, name: str, arguments: Any, call_id: Any) -> None:
    attributes = {
        key: value for key, value in span["attributes"].items() if key not in {"input.value", "tool.parameters"}
    }
    attributes |= {_KIND: "TOOL", "tool.name": name, "tool_call.id": call_id}
    if (written := text_of(arguments)) is not None:
        attributes["input.value"] = written
    span["attributes"] = attributes


def _let_ask(model: Span, step: Span) -> None:
    """Write into the model's answer that it asked for the step, and leave only its words as text."""
    attributes = model["attributes"]
    said = spoken(output_messages(attributes, ()))
    code = _CODE.search(said or "")
    words = (said or "")[: code.start()].strip() if code else said
    asked = step["attributes"]
    call = _REPLY + "tool_calls.0.tool_call."
    kept = {key: value for key, value in attributes.items() if not key.startswith("llm.output_messages.")}
    model["attributes"] = kept | {
        _REPLY + "role": "assistant", _REPLY + "content": words or "", call + "id": asked["tool_call.id"],
        call + "function.name": asked["tool.name"], call + "function.arguments": asked.get("input.value", ""),
    }  # fmt: skip


def _part(step: Span, call: Call, number: int) -> Span:
    """One of several calls of a step; what came of each is not known, because the step records them together."""
    span_id = f"{step['context']['span_id']}#{number}"
    attributes = {key: value for key, value in step["attributes"].items() if key != "output.value"}
    part = {
        **step,
        "context": {**step["context"], "span_id": span_id},
        "parent_id": step["context"]["span_id"],
        "end_time": None,
        "events": [],
        "status": {},
        "attributes": attributes,
    }
    _make_call(part, call.name, call.arguments, call.call_id or span_id)
    return part


def _inside(step: Span, children: dict[Any, list[Span]]) -> Iterator[Span]:
    """What lies in a step, down to tools and sub-agents but not into them."""
    waiting, seen = [step], {id(step)}
    while waiting:
        span_id = waiting.pop()["context"]["span_id"]
        for child in children.get(span_id, []) if isinstance(span_id, str) else []:
            if id(child) not in seen:
                seen.add(id(child))
                yield child
                if _kind(child) not in _STAND_FOR_A_STEP:
                    waiting.append(child)


def _kind(span: Span) -> str:
    return (as_text(as_object(span["attributes"]).get(_KIND)) or "").upper()


def _failed(span: Span) -> bool:
    return str(span["status"].get("status_code")).lower() in {"error", "2", "status_code_error"}
