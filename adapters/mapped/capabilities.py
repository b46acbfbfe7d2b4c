"""What a mapped format can tell: just what its mapping points at."""

from __future__ import annotations

from soma.adapters.contract import FIELDS, Capabilities, Knowledge

from .mapping import Mapping

_BY_ANOTHER_NAME = {
    "tokens": ("tokens_in", "tokens_out"),
    "duration_ms": ("duration_ms", "duration_s", "ended_at"),
    "task": ("task", "task_text"),
}


def capabilities_of(mapping: Mapping) -> Capabilities:
    """A field is ``sometimes`` given when the mapping says where, else ``never``."""
    sections = [section for section in (mapping.execution, mapping.decision, mapping.result) if section is not None]
    told: dict[str, Knowledge] = {}
    for field in FIELDS:
        names = _BY_ANOTHER_NAME.get(field, (field,))
        if any(getattr(section, name, None) for section in sections for name in names):
            told[field] = "sometimes"
    return Capabilities(title=f"{mapping.name} (by mapping)", fields=told)
