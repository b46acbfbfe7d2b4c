"""Which observations are calls, which message asked for them, and how they ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .building import asking, decided, observation, only, trace, write

USAGE: dict[str, Any] = {
    "usageDetails": {"input": 10, "output": 2, "total": 12},
    "costDetails": {"total": 0.5},
    "model": "m",
}


def model(name: str, second: float, output: str, **rest: Any) -> dict[str, Any]:
    return observation(name, "run", "GENERATION", second, 0.5, output=output, **USAGE, **rest)


def test_the_shipped_traces_hold_the_calls_that_were_made(fixtures: Path) -> None:
    found = {path.name.split("-20")[0]: only(path) for path in (fixtures / "langfuse").glob("*.json")}
    assert {name: [decision.tool for decision in run.decisions] for name, run in found.items()} == {
        "agno": ["duckduckgo_search"],
        "beeai": ["Wikipedia", "OpenMeteoTool"],
        "claude-agent": ["mcp__weather__get_weather", "mcp__weather__get_weather"],
        "koog": ["ByeTool", "HelloTool"],
        "langgraph-python": ["Web-Search"],
        "microsoft-agent": ["get_weather"],
    }
    assert [d.arguments for d in found["claude-agent"].decisions] == [{"city": "Berlin"}, {"city": "New York"}]
    assert found["langgraph-python"].decisions[0].arguments == {"query": "example"}
    assert found["langgraph-python"].decisions[0].output == (
        '[{"url": "https://example.com", "title": "Example Result", "q": "example"}]'
    )
    assert (found["claude-agent"].success, found["microsoft-agent"].success) == (False, True)


def test_parallel_calls_answer_the_call_they_were_made_for(fixtures: Path) -> None:
    decisions = only(next((fixtures / "langfuse").glob("claude-agent*"))).decisions
    assert [decision.tokens_out for decision in decisions] == [53, 56]
    koog = only(next((fixtures / "langfuse").glob("koog*"))).decisions
    assert [(decision.tokens_in, decision.tokens_out) for decision in koog] == [(47, 106), (None, None)]
    assert [decision.model for decision in koog] == ["gpt-4o", "gpt-4o"]


def test_beeais_events_are_the_calls_their_agent_reports(fixtures: Path) -> None:
    wiki, weather = only(next((fixtures / "langfuse").glob("beeai*"))).decisions
    assert (wiki.arguments, wiki.duration_ms) == ({"query": "Tourism in Barcelona"}, 1788.0)
    assert (wiki.reasoning or "").startswith("I will first research key attractions")
    assert weather.arguments == {"location_name": "Barcelona", "country": "Spain"}


def test_events_without_a_report_are_joined(tmp_path: Path) -> None:
    parameters: dict[str, Any] = {"metadata": {"attributes": {"tool.parameters": '{"q": 1}'}}}
    events = [
        observation("tool.web.start-1", "run", second=1, lasts=50, **parameters),
        observation("tool.web.success-1", "run", second=3, lasts=48, output='["hit"]'),
        observation("tool.web.finish-1", "run", second=3.5, lasts=48),
        observation("tool.web.start-2", "run", second=5, lasts=46, **parameters),
        observation("tool.web.error-2", "run", second=6, lasts=45, statusMessage="connect timeout"),
        observation("tool.web.start-3", "run", second=8, lasts=43),
    ]
    found = decided(tmp_path, observation("run", None, lasts=60), *events)
    assert [(d.tool, d.outcome, d.duration_ms) for d in found] == [
        ("web", "ok", 2500.0),
        ("web", "timeout", 1000.0),
        ("web", "unknown", None),
    ]
    assert [d.arguments for d in found] == [{"q": 1}, {"q": 1}, None]
    assert (found[0].output, found[1].error) == ('["hit"]', "connect timeout")


@pytest.mark.parametrize(
    ("span", "tool"),
    [
        (observation("lookup", "run", "TOOL", 2, input={"id": 7}), "lookup"),
        (observation("execute_tool lookup", "run", second=2, input='{"id": 7}'), "lookup"),
        (observation("tool.lookup", "run", second=2, input="{'id': 7}"), "lookup"),
        (observation("lookup", "run", second=2, input={"id": 7}), "lookup"),
        (observation("_invoke", "run", second=2, input={"id": 7}), "lookup"),
        (observation("x", "run", second=2, metadata='{"attributes": {"gen_ai.tool.name": "lookup"}}'), "lookup"),
        (observation("web_search", "run", second=2, input="q"), "web_search"),
        (observation("tools", "run", second=2, input={"a": 1}), "tools"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["name"] + "/" + value["type"],
)
def test_a_span_is_a_call_by_type_attribute_name_or_request(tmp_path: Path, span: dict[str, Any], tool: str) -> None:
    ask = model("think", 1, asking(("lookup", {"id": 7}), text="I look"))
    (decision,) = decided(tmp_path, observation("run", None, lasts=9), ask, span)
    assert (decision.tool, decision.native_id, decision.outcome) == (tool, span["id"], "ok")
    asked = tool == "lookup"
    assert (decision.reasoning, decision.tokens_in) == (("I look", 10) if asked else (None, None))
    assert decision.cost_usd == (0.5 if asked else None)


def test_other_spans_are_no_calls(tmp_path: Path) -> None:
    spans = [
        observation("format", "run", second=2, input={"id": 8}),
        observation("lookup", "run", "CHAIN", 3),
        observation("note", "run", "EVENT", 4, None),
        observation("early", "run", second=0.5, input={"id": 7}),
        observation("tools", "run", second=5, lasts=3),
        observation("lookup2", "tools", "TOOL", 6),
    ]
    ask = model("think", 1, asking(("lookup", {"id": 7})))
    found = decided(tmp_path, observation("run", None, lasts=9), ask, *spans)
    assert [decision.tool for decision in found] == ["lookup2"]


def test_a_call_recorded_by_two_layers_counts_once(tmp_path: Path) -> None:
    layers = [
        observation("execute_tool lookup", "run", second=2, lasts=3, input={"id": 7}),
        observation("lookup", "execute_tool lookup", "TOOL", 2.5, input='{"id":7}'),
        observation("other", "execute_tool lookup", "TOOL", 3.5, input='{"id":7}'),
    ]
    found = decided(tmp_path, observation("run", None, lasts=9), *layers)
    assert [(d.tool, d.parent_decision_id) for d in found] == [
        ("lookup", None),
        ("other", "lf:t#execute_tool lookup"),
    ]


def test_the_inner_record_of_a_call_answers_no_other_call_alike(tmp_path: Path) -> None:
    ask = model("think", 1, asking(("lookup", {"id": 7}), ("lookup", {"id": 7})))
    again = model("more", 3, asking(("lookup", {"id": 7}), text="again"))
    layers = [
        observation("a", "run", "TOOL", 2, input={"id": 7}) | {"name": "lookup"},
        observation("b", "a", second=2.1, lasts=0.1, input={"id": 7}) | {"name": "lookup"},
        observation("c", "a", second=2.2, lasts=0.1, input={"id": 7}) | {"name": "_invoke"},
        observation("d", "run", "TOOL", 4, input={"id": 7}) | {"name": "lookup"},
        observation("e", "run", "TOOL", 5, input={"id": 7}) | {"name": "lookup"},
    ]
    found = decided(tmp_path, observation("run", None, lasts=9), ask, again, *layers)
    assert [(d.native_id, d.reasoning) for d in found] == [("a", None), ("d", "again"), ("e", None)]
    assert [d.tokens_in for d in found] == [10, 10, None]


def test_of_spans_inside_each_other_that_are_named_like_tools_the_inner_one_counts(tmp_path: Path) -> None:
    spans = [observation("tools", "run", second=1, lasts=3), observation("web_search", "tools", second=2)]
    found = decided(tmp_path, observation("run", None, lasts=9), *spans)
    assert [decision.tool for decision in found] == ["web_search"]


def test_an_agent_inside_a_call_makes_it_a_delegation(tmp_path: Path) -> None:
    parts = [
        observation("research", "run", "TOOL", 1, 5, input={"topic": "x"}),
        observation("invoke_agent scout", "research", "AGENT", 2, 3),
        observation("grep", "invoke_agent scout", "TOOL", 3),
    ]
    outer, inner = decided(tmp_path, observation("run", None, "AGENT", lasts=9), *parts)
    assert (outer.kind, outer.role, outer.action) == ("delegation", "delegate", "delegate:scout")
    assert (inner.kind, inner.parent_decision_id) == ("tool_choice", "lf:t#research")


def test_a_pipeline_without_tools_is_told_by_its_retrievals(tmp_path: Path) -> None:
    parts = [observation("docs", "run", "RETRIEVER", 1, output="text")]
    root = observation("run", None, "CHAIN", lasts=9)
    assert [d.tool for d in decided(tmp_path, root, *parts)] == ["docs"]
    assert [d.tool for d in decided(tmp_path, root, *parts, observation("send", "run", "TOOL", 2))] == ["send"]


@pytest.mark.parametrize(
    ("fields", "outcome", "error"),
    [
        ({"level": "ERROR", "statusMessage": "disk full"}, "failed", "disk full"),
        ({"level": "ERROR", "statusMessage": "request timed out"}, "timeout", "request timed out"),
        ({"level": "ERROR", "output": "trace"}, "failed", "trace"),
        ({"level": "ERROR"}, "failed", None),
        ({"level": "WARNING", "statusMessage": "slow"}, "ok", None),
        ({"output": '{"type": "tool", "content": "no such id", "status": "error"}'}, "failed", "no such id"),
        ({"endTime": None}, "unknown", None),
        ({"endTime": None, "output": "x"}, "ok", None),
        ({"endTime": None, "latency": 2.5}, "ok", None),
    ],
)
def test_outcomes(tmp_path: Path, fields: dict[str, Any], outcome: str, error: str | None) -> None:
    call = observation("lookup", "run", "TOOL") | fields
    (decision,) = decided(tmp_path, observation("run", None, lasts=9), call)
    assert (decision.outcome, decision.error) == (outcome, error)
    if "latency" in fields:
        assert decision.duration_ms == 2500.0


def test_the_calls_langfuse_extracts_stand_in_for_an_output_in_an_unknown_shape(tmp_path: Path) -> None:
    extract: dict[str, Any] = {"toolCallNames": ["lookup"], "toolCalls": ['{"id": "c1", "arguments": "{\\"id\\": 7}"}']}
    ask = observation("think", "run", "GENERATION", 1, output={"blob": 1}, **extract, **USAGE)
    call = observation("step", "run", second=2, input={"id": 7})
    (decision,) = decided(tmp_path, observation("run", None, lasts=9), ask, call)
    assert (decision.tool, decision.tokens_in) == ("lookup", 10)


def test_a_message_recorded_inside_another_counts_once_with_the_inner_figures(tmp_path: Path) -> None:
    outer = model("outer", 1, asking(("lookup", {})))
    inner = observation("inner", "outer", "GENERATION", 1.1, 0.3, usageDetails={"input": 7, "output": 1}, model="m2")
    agents = observation("lookup", "outer", "TOOL", 2, input={})
    below = observation("deep", "lookup", "GENERATION", 2.1, 0.1, usageDetails={"input": 100, "output": 50})
    value = {"trace": trace(), "observations": [observation("run", None, lasts=9), outer, inner, agents, below]}
    run = only(write(tmp_path / "t.json", value))
    assert (run.tokens_in, run.tokens_out, run.cost_usd) == (107, 51, None)
    assert [(d.tool, d.tokens_in) for d in run.decisions] == [("lookup", 7)]
