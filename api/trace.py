"""A trace file read without a vault: the rows of its runs, secrets redacted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from soma.adapters.registry import adapter_named
from soma.config import load, personal_key
from soma.errors import SourceError
from soma.harvester.agents import AgentNames
from soma.harvester.discover import discover
from soma.harvester.work import Settings, read_once

if TYPE_CHECKING:
    import pyarrow as pa


class Rows(NamedTuple):
    """What a file holds: rows of ``archive/executions`` and of ``archive/decisions``."""

    executions: pa.Table
    decisions: pa.Table


def rows_of(path: str | Path, format_: str | None = None) -> Rows:
    """The runs of a trace file or folder, in any format soma reads.

    Args:
        path: What to read.
        format_: Name of the adapter to use instead of recognising the format.

    Raises:
        SourceError: if it holds no run.
        UsageError: if there is no such format.
    """
    if format_:
        adapter_named(format_)
    agents = AgentNames(rules=load(Path.cwd(), os.environ, {}).settings.agents)
    settings = Settings(vault=None, key=personal_key(), format=format_, agents=agents)
    portion = read_once(discover([str(path)]).candidates, settings)
    if portion.decision_rows is None or not portion.executions.num_rows:
        reason = portion.reports[0].reason if portion.reports else None
        raise SourceError(reason or "the file holds no run", where=str(path),
                          hint="soma harvest --dry-run FILE shows what soma makes of it")  # fmt: skip
    return Rows(portion.executions, portion.decision_rows)
