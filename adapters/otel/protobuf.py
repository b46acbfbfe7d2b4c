"""OTLP protobuf messages as the same plain values that OTLP/JSON decodes to."""

from __future__ import annotations

from typing import Any

from soma.errors import SourceError
from soma.source import Record, Source

from .framing import Framing


class MessageError(ValueError):
    """Bytes that are no OTLP trace message."""


class Decoder:
    """Reads protobuf messages; the packages it needs are optional and are loaded when the first one comes.

    Raises:
        SourceError: if ``opentelemetry-proto`` is not installed.
    """

    def __init__(self, framing: Framing) -> None:
        try:
            from google.protobuf.json_format import MessageToDict
            from google.protobuf.message import DecodeError
            from opentelemetry.proto.trace.v1 import trace_pb2
        except ImportError:
            raise SourceError(
                "OTLP protobuf needs the package opentelemetry-proto", hint="pip install 'soma-harvest[otel]'"
            ) from None
        # ExportTraceServiceRequest and TracesData have the same fields; a bare file is read resource by resource.
        self._message: Any = trace_pb2.ResourceSpans if framing == "bare" else trace_pb2.TracesData
        self._bare = framing == "bare"
        self._to_dict: Any = MessageToDict
        self._error: Any = DecodeError

    def record(self, source: Source, offset: int, body: bytes) -> Record:
        """One message as a record.

        Raises:
            MessageError: if the bytes are no such message.
        """
        try:
            value = self._to_dict(self._message.FromString(body))
        except (self._error, ValueError, RecursionError) as problem:
            raise MessageError(type(problem).__name__) from None
        return Record(source, offset, len(body), {"resourceSpans": [value]} if self._bare else value)
