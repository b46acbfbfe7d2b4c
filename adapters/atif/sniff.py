"""A trajectory says what it is in ``schema_version``."""

from __future__ import annotations

from typing import Any

from soma.adapters.blocks.document import as_list, as_object
from soma.adapters.blocks.head import Head
from soma.adapters.contract import Match


def sniff(head: Head) -> Match | None:
    """Claims documents (or lines, or a list of documents) with a ``schema_version`` of ATIF."""
    for value in head.values:
        for document in trajectories(value):
            version = document["schema_version"]
            return Match(confidence=1.0, variant=version[:12], why=f"schema_version {version[:12]}")
    return None


def trajectories(value: Any) -> list[dict[str, Any]]:
    """The trajectories a decoded value is or lists."""
    return [document for document in map(as_object, as_list(value) or [value]) if _is_trajectory(document)]


def _is_trajectory(document: dict[str, Any]) -> bool:
    version = document.get("schema_version")
    return isinstance(version, str) and version.startswith("ATIF-v")
