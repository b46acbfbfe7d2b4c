"""How a worker uses the memory of its process while it reads sources."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_ALLOCATIONS = 100_000
"""New objects between two collections while sources are read."""


@contextmanager
def few_collections() -> Iterator[None]:
    """Let the collector of cycles look less often: what is decoded has none, and is looked through over and over."""
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], _ALLOCATIONS) if before[0] else 0, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def one_heap() -> Iterator[None]:
    """Let Arrow take its memory where Python does: columns then get the room that drafts have left."""
    import pyarrow as pa

    before = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(before)
