"""A row of a run export as a type: only the fields soma reads, so that the decoder skips events, tags and manifests.

A line that is no such row (a nested dump, a part of an ingest request, fields of other types) is decoded as a plain
object; what runs it tells of go through ``row_of``, which keeps what is usable.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET

from soma.adapters.blocks.document import as_object, as_text

from .usage import Usage, provider_usage

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


class Row(msgspec.Struct, gc=False):
    """One run, or a part of one.

    Attributes:
        run_type: Empty where the part does not tell it.
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
    extra: Extra | None = None
    metadata: Any = None
    inputs: Any = None
    outputs: Any = None
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


DECODER = msgspec.json.Decoder(Row)
"""The typed decoder of rows; refuses whatever is no run with a type, and a run whose fields have other types."""


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
