"""The execution of a line, as the mapping names it: for files that are read in parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .map import native_id
from .mapping import Mapping


def ties(mapping: Mapping, value: Any) -> Iterator[list[str]]:
    """The one execution that a line tells of; lines that name none are all of one, that of the file."""
    if isinstance(value, dict):
        yield [native_id(mapping, value) or ""]
