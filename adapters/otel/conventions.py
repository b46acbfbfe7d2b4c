"""The one table of attribute names: which convention calls what how, and what kind of work a span stands for.

Names are tried in the order they are listed: the newest GenAI name first, then OpenInference, OpenLLMetry, the Vercel
AI SDK, and names that single SDKs write. ``VERSION`` is the adapter's version: whoever changes a name here raises it,
so that sources read with the old table are read again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

VERSION = 2

SpanRole = Literal["llm", "tool", "agent", "chain", "retriever", "evaluator", "other"]

AGENT_NAME = ("gen_ai.agent.name", "agent.name", "agent_name", "ai.telemetry.functionId")
WORKFLOW_NAME = ("gen_ai.workflow.name", "traceloop.workflow.name")
SESSION = ("session.id", "gen_ai.conversation.id", "langfuse.session.id", "langsmith.trace.session_id")
USER = ("user.id", "enduser.id", "langfuse.user.id")

MODEL = (
    "gen_ai.response.model", "gen_ai.request.model", "llm.model_name", "llm.response.model", "llm.request.model",
    "ai.response.model", "ai.model.id", "model_name", "model", "traceloop.association.properties.ls_model_name",
)  # fmt: skip
TOKENS_IN = (
    "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt", "llm.usage.prompt_tokens",
    "ai.usage.inputTokens", "ai.usage.promptTokens",
)  # fmt: skip
FRESH_TOKENS_IN = ("input_tokens",)
"""Input tokens written without the cached ones."""
TOKENS_OUT = (
    "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion",
    "llm.usage.completion_tokens", "ai.usage.outputTokens", "ai.usage.completionTokens", "output_tokens",
)  # fmt: skip
TOKENS_CACHE_READ = (
    "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
    "llm.token_count.prompt_details.cache_read", "ai.usage.cachedInputTokens", "cache_read_tokens",
)  # fmt: skip
TOKENS_CACHE_WRITE = (
    "gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens",
    "llm.token_count.prompt_details.cache_write", "cache_creation_tokens",
)  # fmt: skip
COST = ("gen_ai.usage.cost", "gen_ai.usage.total_cost", "llm.cost.total", "gen_ai.cost.amount", "cost_usd")
COST_PARTS = (
    ("gen_ai.usage.input_cost", "gen_ai.usage.output_cost"),
    ("llm.cost.prompt", "llm.cost.completion"),
)

TOOL_NAME = (
    "gen_ai.tool.name", "tool.name", "ai.toolCall.name", "mcp.tool.name", "traceloop.entity.name", "tool_name",
)  # fmt: skip
TOOL_CALL_ID = ("gen_ai.tool.call.id", "tool_call.id", "tool.id", "ai.toolCall.id", "tool_call_id")
TOOL_ARGUMENTS = (
    "gen_ai.tool.call.arguments", "gen_ai.tool.args", "ai.toolCall.args", "traceloop.entity.input", "input.value",
    "tool_call.function.arguments", "tool_arguments", "tool.parameters", "gen_ai.task.input",
)  # fmt: skip
TOOL_RESULT = (
    "gen_ai.tool.call.result", "ai.toolCall.result", "traceloop.entity.output", "output.value", "gen_ai.output",
    "tool_response", "gen_ai.task.output",
)  # fmt: skip
STATED_STATUS = ("gen_ai.task.status",)
"""Where an instrumentation writes ``success`` although it leaves the span's status unset."""

INPUT_MESSAGES = ("gen_ai.input.messages", "ai.prompt.messages", "ai.prompt", "llm.prompts")
OUTPUT_MESSAGES = ("gen_ai.output.messages", "gen_ai.output")
NUMBERED_INPUT = ("llm.input_messages", "gen_ai.prompt")
NUMBERED_OUTPUT = ("llm.output_messages", "gen_ai.completion")
REPLY_TEXT = ("ai.response.text",)
REPLY_REASONING = ("ai.response.reasoning", "gen_ai.response.reasoning")
REPLY_CALLS = ("ai.response.toolCalls",)
REPLY_RAW = ("output.value",)
RUN_INPUT = (
    "input.value", "traceloop.entity.input", "gen_ai.task.input", "gen_ai.input.messages", "ai.prompt.messages",
    "ai.prompt", "langfuse.trace.input", "input", "user_prompt",
)  # fmt: skip
RUN_OUTPUT = ("output.value", "traceloop.entity.output", "gen_ai.task.output", "gen_ai.output.messages",
              "ai.response.text")  # fmt: skip

REASONING = ("gen_ai.tool.call.reasoning", "decision.reasoning", "reasoning")
"""Why the call was made, where a program writes it on the span of the decision itself."""

EVALUATION_NAME = ("gen_ai.evaluation.name", "evaluation.name", "eval.name", "annotation.name")
EVALUATION_LABEL = ("gen_ai.evaluation.score.label", "evaluation.label", "eval.label", "annotation.label")
EVALUATION_SCORE = ("gen_ai.evaluation.score.value", "evaluation.score", "eval.score", "annotation.score")
EVALUATION_EVENT = "gen_ai.evaluation.result"
EVALUATION_LISTS = ("annotations", "evaluations")

METADATA_JSON = ("metadata", "langfuse.trace.metadata")
METADATA_PREFIXES = (
    "traceloop.association.properties.", "ai.telemetry.metadata.", "langfuse.trace.metadata.", "langsmith.metadata.",
    "",
)  # fmt: skip
EXAMPLE_KEYS = ("reference_example_id", "example_id")
TASK_KEYS = ("task_id", "task", "taskId", "task.id")
AGENT_KEYS = ("agent", "agent_name", "agent_id")
"""Metadata the user attached: who names the agent there means more than the framework, which names the graph."""
GRAPH_KEYS = ("lc_agent_name", "ls_agent_name")
SESSION_KEYS = ("session_id", "sessionId", "thread_id", "threadId", "conversation_id")

_OPENINFERENCE: dict[str, SpanRole] = {
    "LLM": "llm", "TOOL": "tool", "AGENT": "agent", "CHAIN": "chain", "RETRIEVER": "retriever",
    "EVALUATOR": "evaluator",
}  # fmt: skip
_TRACELOOP: dict[str, SpanRole] = {"workflow": "chain", "task": "chain", "agent": "agent", "tool": "tool"}
_OPERATION: dict[str, SpanRole] = {
    "chat": "llm", "text_completion": "llm", "completion": "llm", "generate_content": "llm", "call_llm": "llm",
    "execute_tool": "tool", "invoke_agent": "agent", "invoke_workflow": "chain", "execute_task": "chain",
    "plan": "chain", "retrieval": "retriever", "evaluate": "evaluator",
}  # fmt: skip
_CLAUDE_CODE: dict[str, SpanRole] = {
    "claude_code.interaction": "agent", "claude_code.llm_request": "llm", "claude_code.tool": "tool",
}  # fmt: skip
_VAGUE: frozenset[SpanRole] = frozenset({"chain", "other"})


def first(attributes: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """The value of the first name that is there and not empty, else ``None``."""
    for name in names:
        # Of many names hardly one is there.
        if name in attributes:
            value = attributes[name]
            if value is not None and value != "" and value != []:
                return value
    return None


def role_of(attributes: Mapping[str, Any], name: str) -> SpanRole:
    """What a span stands for; every span has exactly one role.

    Instrumentations write several conventions on one span (OpenLLMetry puts a ``traceloop.span.kind`` of ``task`` or
    ``workflow`` beside ``gen_ai.operation.name``), so the first one that says more than "a step" decides.
    """
    vague: SpanRole | None = None
    for key, stated in _KINDS:
        kind = attributes.get(key)
        if isinstance(kind, str):
            role = stated(kind)
            if role not in _VAGUE:
                return role
            vague = vague or role
    return vague or _implied_role(attributes, name)


def names_its_work(attributes: Mapping[str, Any]) -> bool:
    """Whether an AI convention says what the span is, even if it decides nothing (an embedding, a guardrail)."""
    return any(isinstance(attributes.get(key), str) for key, _ in _KINDS)


def _vercel_role(operation: str) -> SpanRole:
    if operation == "ai.toolCall":
        return "tool"
    if operation.endswith((".doGenerate", ".doStream")):
        return "llm"
    # The outer call repeats the tokens of its model calls and may hold several rounds of tools: it is the agent.
    return "agent" if operation.startswith(("ai.generate", "ai.stream")) else "other"


_KINDS: tuple[tuple[str, Callable[[str], SpanRole]], ...] = (
    ("openinference.span.kind", lambda kind: _OPENINFERENCE.get(kind.upper(), "other")),
    ("traceloop.span.kind", lambda kind: _TRACELOOP.get(kind.lower(), "other")),
    ("gen_ai.operation.name", lambda kind: _OPERATION.get(kind.lower(), "other")),
    ("ai.operationId", _vercel_role),
)


def _implied_role(attributes: Mapping[str, Any], name: str) -> SpanRole:
    if name in _CLAUDE_CODE:
        return _CLAUDE_CODE[name]
    if "gen_ai.tool.name" in attributes or "tool.name" in attributes or "mcp.tool.name" in attributes:
        return "tool"
    if attributes.get("llm.request.type") in ("chat", "completion"):
        return "llm"
    if "gen_ai.evaluation.name" in attributes:
        return "evaluator"
    if first(attributes, TOKENS_OUT) is not None and first(attributes, MODEL) is not None:
        return "llm"
    if "gen_ai.agent.name" in attributes or "agent.name" in attributes:
        return "agent" if name.startswith(("invoke_agent", "agent")) else "chain"
    return "other"
