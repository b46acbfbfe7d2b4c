"""Formats nobody wrote an adapter for: a TOML file says where things stand, and this turns it into an adapter."""

from __future__ import annotations

from functools import partial

from soma.adapters.blocks.apart import Apart
from soma.adapters.blocks.document import starts_with_a_whole_line
from soma.adapters.contract import Adapter

from .capabilities import capabilities_of
from .map import map_records
from .mapping import Mapping, load
from .read import read
from .sniff import sniff
from .ties import ties

__all__ = ["Mapping", "adapter_of", "load"]


def adapter_of(mapping: Mapping) -> Adapter:
    """The adapter a mapping describes; its version follows the mapping: a changed one reads its sources again."""
    return Adapter(
        name=mapping.name,
        version=mapping.version,
        capabilities=capabilities_of(mapping),
        sniff=partial(sniff, mapping),
        read=partial(read, mapping),
        map=partial(map_records, mapping),
        apart=Apart(partial(ties, mapping), lambda source, _: starts_with_a_whole_line(source)),
    )
