"""The verdict on a trajectory: ``report.json`` of the SWE-bench evaluation, which may lie beside it."""

from __future__ import annotations

from typing import Any

from soma import codec
from soma.adapters.blocks.document import as_object
from soma.source import Source

REPORT = "report.json"
_ENDINGS = (".json", ".traj")


def companions(source: Source) -> list[str]:
    """Where the report of an instance is kept: with its trajectory, or in a folder of logs next to its folder."""
    return [REPORT, f"../logs/{instance_named(source)}/{REPORT}"]


def context(source: Source) -> dict[str, Any]:
    """``{"resolved": true or false}`` when a report says so of this instance."""
    for relative in companions(source):
        data = source.companion(relative)
        if data is None:
            continue
        try:
            report = as_object(codec.decode(data))
        except codec.Undecodable:
            continue
        resolved = as_object(report.get(instance_named(source))).get("resolved")
        if isinstance(resolved, bool):
            return {"resolved": resolved}
    return {}


def instance_named(source: Source) -> str:
    """The instance a file is named for: SWE-agent writes ``<instance>.traj`` and, but for its name, no id of it."""
    name = source.name
    for ending in reversed(_ENDINGS):
        name = name.removesuffix(ending)
    return name
