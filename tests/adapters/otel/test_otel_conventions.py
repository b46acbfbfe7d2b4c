"""One call, told in the words of every convention, is one and the same decision."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from soma.adapters.otel.conventions import role_of

from .building import agent, model, only, read, request, said, span, tool

CALLS = [{"id": "c1", "type": "function", "function": {"name": "search", "arguments": '{"q": "x"}'}}]

GENAI = [
    agent(1, attributes={"gen_ai.conversation.id": "s1"}),
    model(
        2,
        attributes={
            "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "find x"}]}]),
            "gen_ai.output.messages": said("Look it up.", ("c1", "search", {"q": "x"})),
            "gen_ai.usage.input_tokens": 11,
            "gen_ai.usage.output_tokens": 3,
        },
    ),
    tool(
        3,
        attributes={
            "gen_ai.tool.call.id": "c1",
            "gen_ai.tool.call.arguments": '{"q": "x"}',
            "gen_ai.tool.call.result": "found",
        },
    ),
]
GENAI_NUMBERED = [
    agent(1, attributes={"session.id": "s1"}),
    span(
        2,
        1,
        "openai.chat",
        {
            "gen_ai.system": "openai",
            "llm.request.type": "chat",
            "gen_ai.request.model": "m-1",
            "gen_ai.prompt.0.role": "system",
            "gen_ai.prompt.0.content": "Be brief.",
            "gen_ai.prompt.1.role": "user",
            "gen_ai.prompt.1.content": "find x",
            "gen_ai.completion.0.role": "assistant",
            "gen_ai.completion.0.content": "Look it up.",
            "gen_ai.completion.0.tool_calls.0.id": "c1",
            "gen_ai.completion.0.tool_calls.0.name": "search",
            "gen_ai.completion.0.tool_calls.0.arguments": '{"q": "x"}',
            "gen_ai.usage.prompt_tokens": 11,
            "gen_ai.usage.completion_tokens": 3,
        },
    ),
    GENAI[2],
]
OPENINFERENCE = [
    span(1, None, "run", {"openinference.span.kind": "AGENT", "agent.name": "planner", "session.id": "s1"}),
    span(
        2,
        1,
        "ChatModel",
        {
            "openinference.span.kind": "LLM",
            "llm.model_name": "m-1",
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.contents.0.message_content.type": "text",
            "llm.input_messages.0.message.contents.0.message_content.text": "find x",
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.content": "Look it up.",
            "llm.output_messages.0.message.tool_calls.0.tool_call.id": "c1",
            "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "search",
            "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": '{"q": "x"}',
            "llm.token_count.prompt": 11,
            "llm.token_count.completion": 3,
        },
    ),
    span(
        3,
        1,
        "search",
        {
            "openinference.span.kind": "TOOL",
            "tool.name": "search",
            "input.value": '{"q": "x"}',
            "output.value": "found",
        },
    ),
]
OPENLLMETRY = [
    span(
        1,
        None,
        "planner.agent",
        {
            "traceloop.span.kind": "agent",
            "traceloop.entity.name": "planner",
            "traceloop.association.properties.session_id": "s1",
        },
    ),
    GENAI_NUMBERED[1],
    span(
        3,
        1,
        "search.tool",
        {
            "traceloop.span.kind": "tool",
            "traceloop.entity.name": "search",
            "traceloop.entity.input": '{"args": [], "kwargs": {"q": "x"}}',
            "traceloop.entity.output": "found",
        },
    ),
]
VERCEL = [
    span(
        1,
        None,
        "ai.generateText",
        {
            "ai.operationId": "ai.generateText",
            "ai.telemetry.functionId": "planner",
            "ai.telemetry.metadata.sessionId": "s1",
            "ai.prompt": '{"prompt": "find x"}',
            "ai.usage.promptTokens": 11,
            "ai.usage.completionTokens": 3,
        },
    ),
    span(
        2,
        1,
        "ai.generateText.doGenerate",
        {
            "ai.operationId": "ai.generateText.doGenerate",
            "ai.telemetry.functionId": "planner",
            "ai.model.id": "m-1",
            "ai.prompt.messages": '[{"role": "user", "content": [{"type": "text", "text": "find x"}]}]',
            "ai.response.text": "Look it up.",
            "ai.response.toolCalls": '[{"toolCallId": "c1", "toolName": "search", "args": "{\\"q\\": \\"x\\"}"}]',
            "ai.usage.promptTokens": 11,
            "ai.usage.completionTokens": 3,
        },
    ),
    span(
        3,
        1,
        "ai.toolCall",
        {
            "ai.operationId": "ai.toolCall",
            "ai.toolCall.name": "search",
            "ai.toolCall.id": "c1",
            "ai.toolCall.args": '{"q": "x"}',
            "ai.toolCall.result": "found",
        },
    ),
]
EVENTS = [
    agent(1, attributes={"gen_ai.conversation.id": "s1"}),
    model(
        2,
        attributes={"gen_ai.usage.input_tokens": 11, "gen_ai.usage.output_tokens": 3},
        events=[
            ("gen_ai.user.message", {"role": "user", "content": "find x"}),
            ("gen_ai.choice", {"message": {"role": "assistant", "content": "Look it up.", "tool_calls": CALLS}}),
        ],
    ),
    GENAI[2],
]
ALL = {
    "genai": GENAI,
    "genai-numbered": GENAI_NUMBERED,
    "genai-events": EVENTS,
    "openinference": OPENINFERENCE,
    "openllmetry": OPENLLMETRY,
    "vercel": VERCEL,
}


@pytest.mark.parametrize("convention", ALL)
def test_every_convention_tells_the_same_decision(tmp_path: Path, convention: str) -> None:
    execution = only(read(tmp_path / "t.json", request(*ALL[convention])))
    (decision,) = execution.decisions
    assert (execution.agent_id, execution.session_id, execution.task_text) == ("planner", "s1", "find x")
    assert (execution.model, execution.tokens_in, execution.tokens_out) == ("m-1", 11, 3)
    assert (decision.tool, decision.arguments, decision.output, decision.outcome) == (
        "search",
        {"q": "x"},
        "found",
        "ok",
    )
    assert (decision.reasoning, decision.tokens_in, decision.model) == ("Look it up.", 11, "m-1")
    assert (decision.kind, decision.action, decision.role) == ("tool_choice", "", "")


@pytest.mark.parametrize(
    ("attributes", "name", "role"),
    [
        ({"traceloop.span.kind": "task", "gen_ai.operation.name": "execute_tool"}, "x", "tool"),
        ({"traceloop.span.kind": "workflow", "gen_ai.operation.name": "invoke_agent"}, "x", "agent"),
        ({"traceloop.span.kind": "task", "gen_ai.operation.name": "execute_task"}, "x", "chain"),
        ({"openinference.span.kind": "llm"}, "x", "llm"),
        ({"openinference.span.kind": "EVALUATOR"}, "x", "evaluator"),
        ({"openinference.span.kind": "RETRIEVER"}, "x", "retriever"),
        ({"openinference.span.kind": "GUARDRAIL"}, "x", "other"),
        ({"gen_ai.operation.name": "embeddings"}, "x", "other"),
        ({"gen_ai.operation.name": "text_completion"}, "x", "llm"),
        ({"ai.operationId": "ai.streamText.doStream"}, "x", "llm"),
        ({"ai.operationId": "ai.streamText"}, "x", "agent"),
        ({"ai.operationId": "ai.embed.doEmbed"}, "x", "other"),
        ({"gen_ai.tool.name": "search"}, "running tool", "tool"),
        ({"tool_name": "Bash"}, "claude_code.tool", "tool"),
        ({"model": "m", "input_tokens": 3}, "claude_code.llm_request", "llm"),
        ({"http.request.method": "GET"}, "GET", "other"),
        ({"openinference.span.kind": 7}, "x", "other"),
    ],
)
def test_a_span_has_one_role(attributes: dict[str, Any], name: str, role: str) -> None:
    assert role_of(attributes, name) == role


def test_cached_tokens_are_not_input_tokens(tmp_path: Path) -> None:
    usage = {
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.cache_read.input_tokens": 60,
        "gen_ai.usage.cache_creation.input_tokens": 30,
        "gen_ai.usage.cost": 0.5,
    }
    execution = only(read(tmp_path / "t.json", request(agent(1), model(2, attributes=usage))))
    assert (execution.tokens_in, execution.tokens_cache_read, execution.tokens_cache_write) == (10, 60, 30)
    assert (execution.tokens_out, execution.cost_usd) == (None, 0.5)


def test_one_model_call_seen_by_two_instrumentations_is_paid_once(tmp_path: Path) -> None:
    usage = {"gen_ai.usage.input_tokens": 7, "gen_ai.usage.output_tokens": 2}
    trace = request(agent(1), model(2, attributes=usage), model(3, 2, at=2.1, lasts=0.5, attributes=usage), tool(5))
    execution = only(read(tmp_path / "t.json", trace))
    assert (execution.tokens_in, execution.tokens_out) == (7, 2)


def test_sums_on_agent_spans_are_not_added(tmp_path: Path) -> None:
    sums = {"gen_ai.usage.input_tokens": 99, "gen_ai.usage.output_tokens": 99}
    trace = request(agent(1, attributes=sums), model(2, attributes={"gen_ai.usage.input_tokens": 5}))
    execution = only(read(tmp_path / "t.json", trace))
    assert (execution.tokens_in, execution.tokens_out) == (5, None)


def test_parallel_calls_share_a_reason_and_the_first_one_pays(tmp_path: Path) -> None:
    asked = said("Both at once.", ("a", "read", {"p": 1}), ("b", "grep", {"p": 2}))
    trace = request(
        agent(1),
        model(2, attributes={"gen_ai.output.messages": asked, "gen_ai.usage.input_tokens": 9}),
        # The second call starts a moment before the first.
        tool(4, name="grep", at=3.0, attributes={"gen_ai.tool.call.id": "b", "gen_ai.tool.call.result": "y"}),
        tool(5, name="read", at=3.1, attributes={"gen_ai.tool.call.id": "a", "gen_ai.tool.call.result": "x"}),
    )
    decisions = only(read(tmp_path / "t.json", trace)).decisions
    assert [(d.tool, d.tokens_in, d.reasoning) for d in decisions] == [
        ("read", 9, "Both at once."),
        ("grep", None, "Both at once."),
    ]


def test_without_call_ids_the_model_call_before_it_asked(tmp_path: Path) -> None:
    trace = request(
        agent(1),
        model(2, attributes={"gen_ai.output.messages": said("First."), "gen_ai.usage.input_tokens": 1}),
        tool(4),
        agent(5, 1, "helper"),
        model(6, 5, attributes={"gen_ai.output.messages": said("Inner."), "gen_ai.usage.input_tokens": 2}),
        tool(8, 5, "fetch"),
        tool(9, 1, "save"),
    )
    decisions = {d.tool: d for d in only(read(tmp_path / "t.json", trace)).decisions}
    assert decisions["search"].reasoning == "First."
    assert decisions["fetch"].reasoning == "Inner."
    assert decisions["save"].reasoning == "First.", "the helper's model call did not ask for it"
    assert decisions["save"].tokens_in is None


def test_a_model_call_that_asked_for_other_tools_is_not_the_reason(tmp_path: Path) -> None:
    asked = said("Read it.", ("a", "read", {}))
    trace = request(agent(1), model(2, attributes={"gen_ai.output.messages": asked}), tool(4, name="grep"))
    (decision,) = only(read(tmp_path / "t.json", trace)).decisions
    assert decision.reasoning is None


def test_langchain_callback_arguments_are_unwrapped(tmp_path: Path) -> None:
    written = json.dumps({"input_str": "{'order': 'W1', 'amount': 2.5}", "tags": [], "metadata": {"task": "t"}})
    trace = request(agent(1), tool(2, attributes={"gen_ai.tool.call.arguments": written}))
    (decision,) = only(read(tmp_path / "t.json", trace)).decisions
    assert decision.arguments == {"order": "W1", "amount": 2.5}
