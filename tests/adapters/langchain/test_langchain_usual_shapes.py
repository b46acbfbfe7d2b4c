"""What is decoded as a type says what the same JSON says as plain values, whatever stands in its fields."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from soma.adapters.langchain import results, usual
from soma.adapters.langchain.absorb import message_in
from soma.adapters.langchain.messages import request_text

ODD = st.sampled_from([None, "", " ", "x", 0, -1, 7, 1.5, 1e300, True, [], {}, ["a"], {"a": 1}, "error", "tool"])


def fields(**usually: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Objects whose fields are mostly as usual, now and then missing or odd."""
    kept = {name: st.one_of(value, value, value, ODD) for name, value in usually.items()}
    return st.fixed_dictionaries({}, optional=kept) | st.fixed_dictionaries(usually)


text = st.sampled_from(["", " ", "find it", "ä\u2028", "line\nline"])
cached = fields(cache_read=st.integers(0, 50), cache_creation=st.integers(0, 50))
counts = fields(input_tokens=st.integers(-1, 90), output_tokens=st.integers(0, 9), input_token_details=cached)
call = fields(id=st.sampled_from(["c1", "c2", ""]), name=st.sampled_from(["read", "exec"]), args=st.just({"a": 1}))
provider = fields(id=st.sampled_from(["c1", "c3"]), function=fields(name=st.just("grep")), name=st.none())
beside = st.one_of(
    st.just({}), fields(tool_calls=st.lists(provider, max_size=2)),
    fields(reasoning_content=text, function_call=fields(name=st.just("old"))),
)  # fmt: skip
reply = fields(content=text, type=st.just("ai"), usage_metadata=counts, tool_calls=st.lists(call, max_size=3),
               additional_kwargs=beside, response_metadata=fields(model_name=text, model=text))  # fmt: skip
message = fields(lc=st.just(1), kwargs=reply) | reply
generation = fields(text=text, message=message)
said = fields(generations=st.lists(st.lists(generation, max_size=2), max_size=2),
              llm_output=fields(model_name=text, token_usage=counts), model=text)  # fmt: skip
answer = fields(content=text, type=st.sampled_from(["tool", "ToolMessage", "ai"]), tool_call_id=st.just("c1"),
                status=st.sampled_from(["success", "error"]))  # fmt: skip
output = answer | fields(lc=st.just(1), kwargs=answer) | fields(update=st.just({"messages": []}), content=text)
returned = fields(output=output) | fields(output=output, documents=st.just([]))
asked = fields(type=st.sampled_from(["system", "human", "HumanMessage", "ai", "user"]), content=text)
asking = st.one_of(asked, fields(lc=st.just(1), kwargs=asked), st.just(["user", "do it"]), ODD)
given_to = fields(messages=st.lists(st.lists(asking, max_size=3), max_size=2), input=text)


def written(value: Any) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


@given(said)
def test_an_answer_as_a_type_is_the_answer_as_plain_values(outputs: dict[str, Any]) -> None:
    assert usual.message_of(written(outputs)) in (None, message_in(outputs))


@given(returned)
def test_a_result_as_a_type_is_the_result_as_plain_values(outputs: dict[str, Any]) -> None:
    assert usual.result_of(written(outputs)) in (None, results.result_of(outputs, "c1"))


@given(given_to)
def test_a_request_found_first_is_the_request_in_plain_values(inputs: dict[str, Any]) -> None:
    assert usual.asked_in(written(inputs)) in (None, request_text(inputs))


def test_the_usual_shapes_are_decoded_as_types() -> None:
    message = {"lc": 1, "kwargs": {"content": "ok", "usage_metadata": {"input_tokens": 5, "output_tokens": 1}}}
    assert usual.message_of(written({"generations": [[{"message": message}]]})) is not None
    assert usual.result_of(written({"output": {"type": "tool", "content": "done"}})) is not None
    assert usual.asked_in(written({"messages": [[{"type": "human", "content": "go"}]]})) == "go"
