"""Does a file meet the conditions of the mapping?"""

from __future__ import annotations

from typing import Any

from soma.adapters.blocks.document import as_list
from soma.adapters.blocks.head import Head
from soma.adapters.contract import Match

from .mapping import Mapping, find, holds

_LOOKED_AT = 40


def sniff(mapping: Mapping, head: Head) -> Match | None:
    """A sure claim when one of the first records meets ``match``: a person wrote the mapping for these very files."""
    for record in _records(mapping, head)[:_LOOKED_AT]:
        if holds(record, mapping.match):
            asked = ", ".join(sorted(mapping.match))
            return Match(
                confidence=1.0, variant="lines" if head.lines else "document", why=f"the mapping asks for {asked}"
            )
    return None


def _records(mapping: Mapping, head: Head) -> list[Any]:
    if head.lines:
        return list(head.records)
    return records_of(mapping, head.document)


def records_of(mapping: Mapping, document: Any) -> list[Any]:
    """The records of a document: the list at ``records``, the items of a list, or the document itself."""
    found = find(document, mapping.records) if mapping.records else document
    return as_list(found) or ([found] if isinstance(found, dict) else [])
