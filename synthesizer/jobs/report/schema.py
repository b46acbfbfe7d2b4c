"""The JSON Schema of the report, made from its classes: ``soma-report.schema.json`` is this, written down."""

from __future__ import annotations

from importlib import resources
from typing import Any

import msgspec

from soma import codec

from .model import Report

FILE = "soma-report.schema.json"


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of ``soma-report.json``."""
    body = msgspec.json.schema(Report)
    for described in body["$defs"].values():
        described["description"] = " ".join(described["description"].replace("``", "`").split())
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:soma:{FILE}",
        "title": "soma-report.json",
        **body,
    }


def shipped() -> dict[str, Any]:
    """The schema as it ships with soma."""
    value: dict[str, Any] = codec.decode(resources.files(__package__ or "").joinpath(FILE).read_bytes())
    return value


if __name__ == "__main__":
    import sys

    sys.stdout.write(codec.pretty(json_schema()) + "\n")
