"""What went into a run and came out of it in the shapes LangChain writes now, decoded as types.

Anything else is ``None`` here and read as plain values: ``messages`` and ``results`` know all shapes there have been.
What both read is the same.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from soma.text import clip

from .messages import Call, body_of, content_text, speaker
from .results import Result
from .rows import plain
from .runs import Message
from .usage import Usage

_Decoded = TypeVar("_Decoded")
# What makes a value one of another shape.
_Other: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=0)] | UnsetType
_Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)] | None
_HUMAN = ("human", "user")


class _Ask(msgspec.Struct, gc=False):
    name: Annotated[str, msgspec.Meta(min_length=1)]
    id: str | None = None


class _Function(msgspec.Struct, gc=False):
    name: Annotated[str, msgspec.Meta(min_length=1)]


class _Twice(msgspec.Struct, gc=False):
    """A call as the provider wrote it, which is told of beside it already."""

    id: Annotated[str, msgspec.Meta(min_length=1)]
    function: _Function
    name: _Other = UNSET


class _Beside(msgspec.Struct, gc=False):
    reasoning_content: _Other = UNSET
    function_call: _Other = UNSET
    tool_calls: list[_Twice] = []


class _Cached(msgspec.Struct, gc=False):
    cache_read: _Count = None
    cache_creation: _Count = None


class _Counts(msgspec.Struct, gc=False):
    input_tokens: Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)]
    output_tokens: Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)]
    input_token_details: _Cached | None = None


class _Response(msgspec.Struct, gc=False):
    model_name: str | None = None
    model: str | None = None


class _Reply(msgspec.Struct, gc=False):
    content: str
    usage_metadata: _Counts
    tool_calls: list[_Ask] = []
    additional_kwargs: _Beside | None = None
    response_metadata: _Response | None = None


class _Constructor(msgspec.Struct, gc=False):
    lc: int
    kwargs: _Reply


class _Generation(msgspec.Struct, gc=False):
    message: _Constructor


class _Said(msgspec.Struct, gc=False):
    generations: Annotated[
        list[Annotated[list[_Generation], msgspec.Meta(min_length=1)]], msgspec.Meta(min_length=1, max_length=1)
    ]
    llm_output: _Response | None = None
    model: str | None = None


class _Answer(msgspec.Struct, gc=False):
    content: str
    type: Literal["tool"]
    tool_call_id: str | None = None
    status: str | None = None


class _Output(msgspec.Struct, gc=False):
    content: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    tool_call_id: str | None = None
    status: str | None = None
    lc: int | UnsetType = UNSET
    kwargs: _Answer | UnsetType = UNSET
    data: _Other = UNSET
    update: _Other = UNSET


class _Returned(msgspec.Struct, gc=False):
    output: _Output
    documents: _Other = UNSET


class _Words(msgspec.Struct, gc=False):
    content: str
    type: Annotated[str, msgspec.Meta(min_length=1)]


class _Spoken(msgspec.Struct, gc=False):
    type: str
    content: str | UnsetType = UNSET
    lc: int | UnsetType = UNSET
    kwargs: _Words | UnsetType = UNSET
    data: _Other = UNSET


class _Given(msgspec.Struct, gc=False):
    messages: list[list[msgspec.Raw]]


_SAID = msgspec.json.Decoder(_Said)
_RETURNED = msgspec.json.Decoder(_Returned)
_SPOKEN = msgspec.json.Decoder(_Spoken)
_GIVEN = msgspec.json.Decoder(_Given)


def _decoded(written: msgspec.Raw, decoder: msgspec.json.Decoder[_Decoded]) -> _Decoded | None:
    try:
        return decoder.decode(written)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def message_of(written: msgspec.Raw) -> Message | None:
    """What a model answered, from the outputs of its run; see ``absorb.message_in``."""
    said = _decoded(written, _SAID)
    if said is None:
        return None
    reply = said.generations[0][0].message.kwargs
    counts = reply.usage_metadata
    read = write = None
    tokens_in = counts.input_tokens
    if (cached := counts.input_token_details) is not None:
        read, write = cached.cache_read, cached.cache_creation
        tokens_in = max(0, tokens_in - (read or 0) - (write or 0))
    response, told = reply.response_metadata, said.llm_output
    model = (response.model_name or response.model) if response is not None else None
    model = model or (told.model_name if told is not None else None) or said.model
    calls = _calls(reply)
    usage = Usage(tokens_in=tokens_in, tokens_out=counts.output_tokens, cache_read=read, cache_write=write)
    return Message(reply.content if reply.content.strip() else None, calls, usage, model or None)


def _calls(reply: _Reply) -> tuple[Call, ...]:
    asked = reply.tool_calls
    beside = reply.additional_kwargs
    if not (beside is not None and beside.tool_calls) and len(asked) < 2:
        return (Call(asked[0].id or "", asked[0].name),) if asked else ()
    found: dict[tuple[str, int], Call] = {}
    for number, ask in enumerate(asked):
        found.setdefault((ask.id or "", -1 if ask.id else number), Call(ask.id or "", ask.name))
    for call in beside.tool_calls if beside is not None else ():
        found.setdefault((call.id, -1), Call(call.id, call.function.name))
    return tuple(found.values())


def result_of(written: msgspec.Raw) -> Result | None:
    """What a tool gave back, from the outputs of its run; see ``results.result_of``."""
    returned = _decoded(written, _RETURNED)
    if returned is None:
        return None
    output = returned.output
    if output.kwargs is not UNSET:
        inner = output.kwargs
        if output.lc is UNSET:
            return None
        return Result(clip(inner.content), inner.status == "error", inner.tool_call_id or None)
    if output.content is UNSET or output.type != "tool":
        return None
    return Result(clip(output.content), output.status == "error", output.tool_call_id or None)


def asked_in(written: msgspec.Raw) -> str | None:
    """The first thing a user asked for in the messages a model was given; see ``messages.request_text``.

    What follows it, a history that grows with every run, is not decoded.
    """
    given = _decoded(written, _GIVEN)
    for group in given.messages if given is not None else ():
        if len(group) == 2 and bytes(memoryview(group[0])[:1]) == b'"':
            # A message written as a pair.
            return None
        for item in group:
            kind, text = _spoken(item)
            if kind in _HUMAN and text:
                return text
    return None


def _spoken(written: msgspec.Raw) -> tuple[str, str]:
    """Who says something, and what."""
    said = _decoded(written, _SPOKEN)
    if said is not None:
        if said.kwargs is not UNSET and said.lc is not UNSET:
            return _speaker(said.kwargs.type), said.kwargs.content
        if said.type and said.content is not UNSET and said.kwargs is UNSET:
            return _speaker(said.type), said.content
    body = body_of(plain(written))
    return speaker(body), content_text(body.get("content"))


def _speaker(kind: str) -> str:
    return kind if kind in _HUMAN else speaker({"type": kind})
