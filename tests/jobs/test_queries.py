"""The SQL of these jobs keeps to the dialect that other engines understand alike, and its columns match the rows."""

from __future__ import annotations

import re

import pytest

from soma.synthesizer.jobs import divergence, signatures, tasks
from soma.synthesizer.jobs.divergence.model import Path, Run
from soma.synthesizer.jobs.signatures.model import Run as SignatureRun
from soma.synthesizer.jobs.tasks.model import Attempt
from soma.synthesizer.queries import query

from .lake import Lake

QUERIES = [
    (tasks.__name__, "query", Attempt, ()),
    (signatures.__name__, "query", SignatureRun, (None, None)),
    (divergence.__name__, "query", Run, ()),
    (divergence.__name__, "paths", Path, ()),
]


@pytest.mark.parametrize(("package", "name", "row", "parameters"), QUERIES)
def test_columns_are_the_fields_of_the_row(package: str, name: str, row: type, parameters: tuple[object, ...]) -> None:
    assert tuple(Lake([]).sql(query(package, name), parameters).column_names) == row.__struct_fields__  # type: ignore[attr-defined]


@pytest.mark.parametrize(("package", "name"), [item[:2] for item in QUERIES])
def test_only_what_every_engine_reads_alike(package: str, name: str) -> None:
    text = re.sub(r"--.*", "", query(package, name))
    functions = r"\b(any_value|mode|arg_max|arg_min|list|array_agg|quantile_cont|struct_pack)\s*\("
    assert not re.search(functions, text, re.IGNORECASE)
    assert not re.search(r"\\d|SELECT\s+\*|QUALIFY|GROUP BY ALL", text, re.IGNORECASE)
    for order in re.findall(r"ORDER BY (.+?)(?=\n\s*ROWS|\n\s*\)|\Z)", text, re.DOTALL):
        assert all(re.search(r"NULLS (FIRST|LAST)", part) for part in order.split(",")), order
    for total in re.finditer(r"\b(sum|count)\(", text, re.IGNORECASE):
        line = text[text.rfind("\n", 0, total.start()) : total.start()]
        assert "CAST(" in line or "OVER" in text[total.start() : total.start() + 40]


def test_a_query_that_is_not_shipped_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        query(tasks.__name__, "nothing")
