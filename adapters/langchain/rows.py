"""A row of a run export as a type: only the fields soma reads, so that the decoder skips events, tags and manifests.

A line that is no such row (a nested dump, a part of an ingest request, fields of other types) is decoded as a plain
object; what runs it tells of go through ``row_of``, which keeps what is usable.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET

from soma import codec
from soma.adapters.blocks.document import as_object, as_text

from .usage import Usage, provider_usage

NOTHING = msgspec.Raw()
_USAGE = (
    "input_tokens", "output_tokens", "prompt_tokens", "completion_tokens", "cache_read_input_tokens",
    "cache_creation_input_tokens", "prompt_tokens_details", "prompt_token_details",
)  # fmt: skip


class Parameters(msgspec.Struct, gc=False):
    """How a model was called."""

    model: Any = None
    model_name: Any = None


class Extra(msgspec.Struct, gc=False):
    """What a run says about itself beside its work."""

    metadata: Any = None
    tool_call_id: Any = None
    invocation_params: Parameters | None = None


class Written(msgspec.Struct, gc=False):
    """What a line says about a run beside its work, its metadata as they are written."""

    metadata: msgspec.Raw = NOTHING
    tool_call_id: Any = None
    invocation_params: Parameters | None = None


class Told(msgspec.Struct, gc=False):
    """What is told of a run, but for what went into it and came out.

    Attributes:
        run_type: Empty where a part does not tell it.
        child_runs: Runs below it, where they were written into it, as plain values.
        input_tokens: This and the other counts are ``UNSET`` where nothing was written.
    """

    id: Annotated[str, msgspec.Meta(min_length=1)]
    run_type: str
    trace_id: str | None = None
    parent_run_id: str | None = None
    dotted_order: str | None = None
    name: str | None = None
    start_time: Any = None
    end_time: Any = None
    error: str | None = None
    status: str | None = None
    session_name: str | None = None
    reference_example_id: str | None = None
    feedback_stats: dict[str, Any] | None = None
    total_cost: Any = None
    child_runs: Any = None
    input_tokens: Any = UNSET
    output_tokens: Any = UNSET
    prompt_tokens: Any = UNSET
    completion_tokens: Any = UNSET
    cache_read_input_tokens: Any = UNSET
    cache_creation_input_tokens: Any = UNSET
    prompt_tokens_details: Any = UNSET
    prompt_token_details: Any = UNSET

    def usage(self) -> Usage | None:
        """The tokens that the row itself tells."""
        if self.input_tokens is self.output_tokens is self.prompt_tokens is self.completion_tokens is UNSET:
            return None
        return provider_usage({name: told for name in _USAGE if (told := getattr(self, name)) is not UNSET})


class Row(Told, gc=False):
    """One run, or a part of one, with plain values."""

    extra: Extra | None = None
    metadata: Any = None
    inputs: Any = None
    outputs: Any = None


class Line(Told, gc=False):
    """One run as a line tells it: metadata, inputs and outputs as they are written, empty where nothing is."""

    extra: Written | None = None
    metadata: msgspec.Raw = NOTHING
    inputs: msgspec.Raw = NOTHING
    outputs: msgspec.Raw = NOTHING

    def row(self) -> Row:
        """The same with plain values."""
        row = Row(*[getattr(self, name) for name in Told.__struct_fields__])
        row.metadata, row.inputs, row.outputs = plain(self.metadata), plain(self.inputs), plain(self.outputs)
        if (extra := self.extra) is not None:
            row.extra = Extra(plain(extra.metadata), extra.tool_call_id, extra.invocation_params)
        return row


DECODER = msgspec.json.Decoder(Line)
"""The typed decoder of rows; refuses whatever is no run with a type, and a run whose fields have other types."""


def plain(written: msgspec.Raw) -> Any:
    """The value that is written there, ``None`` where there is nothing."""
    # A decoder that skips a value has seen that it is JSON, if not always that its text is UTF-8.
    if not written:
        return None
    try:
        return msgspec.json.decode(written)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return codec.decode_leniently(bytes(written))


def row_of(fields: dict[str, Any]) -> Row:
    """A row from a plain object whose fields may have any type: what does not fit is left out."""
    extra, feedback = fields.get("extra"), fields.get("feedback_stats")
    return Row(
        id=as_text(fields.get("id")) or "",
        run_type=as_text(fields.get("run_type")) or "",
        trace_id=as_text(fields.get("trace_id")),
        parent_run_id=as_text(fields.get("parent_run_id")),
        dotted_order=as_text(fields.get("dotted_order")),
        name=as_text(fields.get("name")),
        start_time=fields.get("start_time"),
        end_time=fields.get("end_time"),
        error=as_text(fields.get("error")),
        status=as_text(fields.get("status")),
        extra=_extra(extra) if isinstance(extra, dict) else None,
        metadata=fields.get("metadata"),
        inputs=fields.get("inputs"),
        outputs=fields.get("outputs"),
        session_name=as_text(fields.get("session_name")),
        reference_example_id=as_text(fields.get("reference_example_id")),
        feedback_stats=feedback if isinstance(feedback, dict) else None,
        total_cost=fields.get("total_cost"),
        child_runs=fields.get("child_runs"),
        **{name: fields[name] for name in _USAGE if name in fields},
    )


def _extra(extra: dict[str, Any]) -> Extra:
    parameters = as_object(extra.get("invocation_params"))
    return Extra(
        extra.get("metadata"), extra.get("tool_call_id"),
        Parameters(parameters.get("model"), parameters.get("model_name")) if parameters else None,
    )  # fmt: skip
