"""What the guard refuses is another thing on another engine, even after sqlglot: asked of Sail without the guard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from soma.engine.session import EngineSession, open_session

sqlglot = pytest.importorskip("sqlglot", reason="pip install 'soma-harvest[spark]'")

DIFFERENT = {
    "ordered list": "SELECT list(v ORDER BY k) AS x FROM (VALUES (1, 2), (2, 1)) AS t (v, k)",
    "slice": "SELECT list_slice([1, 2, 3], 1, 2) AS x",
    "quantile_cont": "SELECT quantile_cont(v, 0.5) AS x FROM (VALUES (1), (2)) AS t (v)",
    "cast of a fraction": "SELECT CAST(CAST('1.5' AS DOUBLE) AS BIGINT) AS x",
    "first match": "SELECT regexp_replace('a1b2', '[0-9]', 'x') AS x",
    "division by 0": "SELECT 1 / 0 AS x",
    "recursion": "WITH RECURSIVE f (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM f WHERE n < 3) SELECT max(n) FROM f",
    "EXCLUDE": "SELECT * EXCLUDE (v) FROM (VALUES (1, 2)) AS t (v, k)",
}


@pytest.fixture(scope="module")
def session(sail: str) -> Iterator[EngineSession]:
    with open_session(sail) as opened:
        yield opened


@pytest.mark.parametrize("case", DIFFERENT)
def test_the_difference_is_there(session: EngineSession, case: str) -> None:
    import duckdb
    from pyspark.errors import PySparkException

    query = DIFFERENT[case]
    answer: Any = duckdb.connect().sql(query)
    here = list(answer.to_arrow_table().to_pydict().values())
    (text,) = sqlglot.transpile(query, read="duckdb", write="spark")
    try:
        there = list(session.spark.sql(text).toArrow().to_pydict().values())
    except PySparkException:
        return
    assert there != here
