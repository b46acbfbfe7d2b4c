"""Messages decoded as types say what the same JSON says as plain values, whatever stands in their fields."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from soma.adapters.otel import usual
from soma.adapters.otel.messages import input_messages
from soma.adapters.otel.names import names_of

ODD = st.sampled_from([None, "", "x", 0, 1.5, True, [], {}, ["a"], {"a": 1}, "tool"])
text = st.sampled_from(["", " ", "find it", "ä\u2028", "line\nline"])
call_id = st.sampled_from(["c1", "c2"])
arguments = st.sampled_from([{}, {"path": "a"}, {"kwargs": {"a": 1}}, {"input_str": "{'a': 1}"}, {"args": []}])


def fields(**usually: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Objects whose fields are mostly as usual, now and then missing or odd."""
    kept = {name: st.one_of(value, value, value, ODD) for name, value in usually.items()}
    return st.fixed_dictionaries({}, optional=kept) | st.fixed_dictionaries(usually)


words = fields(type=st.just("text"), content=text) | fields(type=st.just("text"), content=text, text=text, value=text)
asked = fields(type=st.just("tool_call"), id=call_id, name=st.just("read"), arguments=arguments)
odd_asked = fields(type=st.just("tool_call"), toolCallId=call_id, function=st.just({"name": "x"}), args=arguments)
answered = fields(type=st.just("tool_call_response"), id=call_id, response=text)
part = st.one_of(words, words, asked, asked, odd_asked, answered)
message = fields(role=st.sampled_from(["user", "assistant", "tool", "AI"]), parts=st.lists(part, max_size=3))
other = fields(role=st.just("tool"), parts=st.lists(words, max_size=1), tool_call_id=call_id, status=st.just("error"),
               content=text, isError=st.booleans())  # fmt: skip
messages = st.lists(st.one_of(message, message, message, other), max_size=3)


def read(value: Any) -> str:
    attributes = {"gen_ai.input.messages": value}
    return repr(input_messages(attributes, [], names_of(attributes)))


@given(messages)
def test_messages_as_types_are_the_messages_as_plain_values(said: list[dict[str, Any]]) -> None:
    assert read(json.dumps(said)) == read(said)


def test_the_usual_messages_are_decoded_as_types() -> None:
    said = [{"role": "assistant", "parts": [{"type": "tool_call", "id": "c1", "name": "read", "arguments": {}}]}]
    assert usual.spoken_in(json.dumps(said)) is not None
