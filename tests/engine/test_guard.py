"""The guard refuses each construct that engines understand differently, names it, and says what to write instead."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytest.importorskip("sqlglot", reason="pip install 'soma-harvest[spark]'")

from soma.engine.dialect import Dialect, NotPortable
from soma.engine.queries import dialect

ORDERED = "ORDER BY execution_id NULLS LAST"
REFUSED = {
    "ordered list": ("SELECT list(action ORDER BY step NULLS LAST) AS x FROM decisions", "list() or array_agg()"),
    "distinct list": ("SELECT array_agg(DISTINCT action) AS x FROM decisions", "list() or array_agg()"),
    "slice": (f"SELECT actions[1:3] AS x FROM paths {ORDERED}", "a slice of a list"),
    "slice by name": (f"SELECT list_slice(actions, 1, 3) AS x FROM paths {ORDERED}", "a slice of a list"),
    "item": (f"SELECT actions[1] AS x FROM paths {ORDERED}", "a place in a list"),
    "struct": (f"SELECT {{'a': step}} AS x FROM decisions {ORDERED}", "a struct literal"),
    "struct by name": (f"SELECT struct_pack(a := step) AS x FROM decisions {ORDERED}", "a struct literal"),
    "any_value": ("SELECT any_value(action) AS x FROM decisions", "any_value()"),
    "first": ("SELECT first(action) AS x FROM decisions", "any_value()"),
    "mode": ("SELECT mode(action) AS x FROM decisions", "mode()"),
    "arg_max": ("SELECT arg_max(action, step) AS x FROM decisions", "arg_max()"),
    "min_by": ("SELECT min_by(action, step) AS x FROM decisions", "arg_max()"),
    "quantile_cont": ("SELECT quantile_cont(duration_ms, 0.5) AS x FROM decisions", "quantile_cont()"),
    "percentile turned round": (
        "SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY duration_ms DESC NULLS LAST) AS x FROM decisions",
        "an order inside an aggregate",
    ),
    "float to whole": (f"SELECT CAST(duration_ms AS BIGINT) AS x FROM decisions {ORDERED}", "a cast to a whole number"),
    "sum to whole": ("SELECT CAST(sum(duration_ms) AS BIGINT) AS x FROM decisions", "a cast to a whole number"),
    "digits": (f"SELECT regexp_matches(action, '\\d') AS x FROM decisions {ORDERED}", "this pattern"),
    "any character": (f"SELECT regexp_matches(action, 'a.b') AS x FROM decisions {ORDERED}", "this pattern"),
    "class in a class": (f"SELECT regexp_matches(action, '[a[b]') AS x FROM decisions {ORDERED}", "this pattern"),
    "first match": (f"SELECT regexp_replace(action, 'a', '') AS x FROM decisions {ORDERED}", "the first match"),
    "group": (f"SELECT regexp_replace(action, '^(a)', '$1') AS x FROM decisions {ORDERED}", "a group"),
    "pattern of a column": (f"SELECT regexp_matches(action, tool) AS x FROM decisions {ORDERED}", "no literal"),
    "NULL order": ("SELECT action AS x FROM decisions ORDER BY step", "the place of NULL"),
    "NULL order in a window": (
        f"SELECT lag(action) OVER (PARTITION BY execution_id ORDER BY step) AS x FROM decisions {ORDERED}",
        "the place of NULL",
    ),
    "NULL order in a text": ("SELECT string_agg(action, ',' ORDER BY step) AS x FROM decisions", "the place of NULL"),
    "no order": ("SELECT action AS x FROM decisions", "an answer without ORDER BY"),
    "ORDER BY ALL": ("SELECT action AS x FROM decisions ORDER BY ALL", "ORDER BY ALL"),
    "order of what is not there": (
        "SELECT DISTINCT action AS x FROM decisions ORDER BY step NULLS LAST", "an order by what is no column",
    ),
    "wide sum": ("SELECT sum(step) AS x FROM decisions", "sum() of whole numbers"),
    "wide sum in a window": (f"SELECT sum(step) OVER () AS x FROM decisions {ORDERED}", "sum() of whole numbers"),
    "division": (f"SELECT step / nullif(turn, 0) AS x FROM decisions {ORDERED}", "/ of whole numbers"),
    "division by 0": (f"SELECT duration_ms / step AS x FROM decisions {ORDERED}", "division by what may be 0"),
    "rest of 0": (f"SELECT step % turn AS x FROM decisions {ORDERED}", "division by what may be 0"),
    "whole division": (f"SELECT duration_ms // 2 AS x FROM decisions {ORDERED}", "// of other than whole numbers"),
    "decimal": (f"SELECT step / 1000.0 AS x FROM decisions {ORDERED}", "arithmetic with a decimal"),
    "GROUP BY ALL": ("SELECT action, count(*) AS x FROM decisions GROUP BY ALL", "GROUP BY ALL"),
    "QUALIFY": (
        "SELECT action FROM decisions QUALIFY row_number() OVER (ORDER BY step NULLS LAST) = 1", "QUALIFY",
    ),
    "DISTINCT ON": (f"SELECT DISTINCT ON (action) action FROM decisions {ORDERED}", "DISTINCT ON"),
    "name made beside": (f"SELECT step + 1 AS x, x + 1 AS y FROM decisions {ORDERED}", "made in the same SELECT"),
    "name made above": (f"SELECT step + 1 AS x FROM decisions WHERE x > 1 {ORDERED}", "made in the same SELECT"),
    "ln": (f"SELECT ln(duration_ms) AS x FROM decisions {ORDERED}", "a logarithm or root"),
    "sqrt": (f"SELECT sqrt(duration_ms) AS x FROM decisions {ORDERED}", "a logarithm or root"),
    "round": (f"SELECT round(duration_ms, 2) AS x FROM decisions {ORDERED}", "round()"),
    "substr": (f"SELECT substr(action, 0, 2) AS x FROM decisions {ORDERED}", "substr()"),
    "concat": (f"SELECT concat(action, tool) AS x FROM decisions {ORDERED}", "concat()"),
    "lambda": (f"SELECT list_transform(actions, lambda a: a || 'x') AS x FROM paths {ORDERED}", "a lambda"),
    "LIKE": (f"SELECT action LIKE 'a\\_b' ESCAPE '\\' AS x FROM decisions {ORDERED}", "LIKE with an escape"),
    "recursion": ("WITH RECURSIVE f (n) AS (SELECT 1 UNION SELECT n + 1 FROM f) SELECT n FROM f", "WITH RECURSIVE"),
    "view that recurs": (f"SELECT sub_executions FROM execution_totals {ORDERED}", "WITH RECURSIVE"),
    "unnest twice": (
        f"SELECT unnest(actions) AS x, unnest(failed) AS y FROM paths {ORDERED}", "unnest twice",
    ),
    "unnest in FROM": ("SELECT count(*) AS n FROM unnest([1, 2]) AS t (x)", "unnest in FROM"),
    "list as parameter": (f"SELECT list_contains(CAST(? AS VARCHAR[]), action) AS x FROM decisions {ORDERED}",
                          "a list as a parameter"),
    "cut": ("SELECT count(*) AS n FROM (SELECT action FROM decisions LIMIT 3) AS t", "LIMIT without ORDER BY"),
    "sample": ("SELECT count(*) AS n FROM decisions TABLESAMPLE 10%", "a sample"),
    "the hour": (f"SELECT now() AS x FROM decisions {ORDERED}", "a function that is not known"),
    "weeks": (f"SELECT date_trunc('week', started_at) AS x FROM decisions {ORDERED}", "a function that is not known"),
}  # fmt: skip


@pytest.fixture(scope="module")
def spoken() -> Dialect:
    return dialect()


@pytest.mark.parametrize("case", REFUSED)
def test_what_engines_understand_differently_is_refused(spoken: Dialect, case: str) -> None:
    query, construct = REFUSED[case]
    with pytest.raises(NotPortable) as refused:
        compiled = spoken.query(query)
        for name in compiled.tables:
            if name in spoken.views:
                spoken.view(name)
    assert construct in refused.value.message
    assert refused.value.where
    assert refused.value.hint != NotPortable.default_hint


def test_the_place_is_the_line_of_the_query(spoken: Dialect) -> None:
    with pytest.raises(NotPortable, match=r"\(line 3: MODE\(action\)\)"):
        spoken.query("SELECT\n    count(*) AS n,\n    mode(action) AS x\nFROM decisions")


def test_what_is_not_read_at_all_is_refused_too(spoken: Dialect) -> None:
    for query in ("DROP TABLE decisions", "SELECT 1 AS x; SELECT 2 AS y", "SELECT ?::VARCHAR AS x", "nonsense ("):
        with pytest.raises(NotPortable):
            spoken.query(query)
    with pytest.raises(NotPortable, match="is not known"):
        spoken.query(f"SELECT nothing FROM decisions {ORDERED}")


SAID = {
    "SELECT epoch_us(started_at) AS x": "UNIX_MICROS(`decisions`.`started_at`)",
    "SELECT median(duration_ms) AS x": "PERCENTILE(`decisions`.`duration_ms`, 0.5)",
    "SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY duration_ms ASC NULLS LAST) AS x":
        "PERCENTILE(`decisions`.`duration_ms`, 0.9)",
    "SELECT string_agg(action, ',' ORDER BY step ASC NULLS LAST) AS x":
        "LISTAGG(`decisions`.`action`, ',') WITHIN GROUP (ORDER BY `decisions`.`step` ASC NULLS LAST)",
    "SELECT CAST(sum(step) AS BIGINT) // 2 AS x": "CAST(SUM(`decisions`.`step`) AS BIGINT) DIV 2",
    "SELECT regexp_replace(action, '[0-9]+$', '') AS x": r"REGEXP_REPLACE(`decisions`.`action`, '[0-9]+\\z', '')",
    "SELECT listed(action, step) AS x": "TRANSFORM(ARRAY_SORT(COLLECT_LIST(STRUCT(`decisions`.`step` IS NULL AS ",
}  # fmt: skip


@pytest.mark.parametrize("query", SAID)
def test_what_can_be_said_in_another_way_is(spoken: Dialect, query: str) -> None:
    order = f" {ORDERED}" if "regexp" in query or "epoch" in query else ""
    assert SAID[query] in spoken.query(f"{query} FROM decisions{order}").text


def test_a_value_of_a_parameter_never_becomes_text(spoken: Dialect) -> None:
    compiled = spoken.query(f"""
        SELECT action FROM decisions
        WHERE execution_id IN (SELECT unnest(CAST(? AS VARCHAR[]))) AND (CAST(? AS VARCHAR) IS NULL OR agent_id = ?)
        {ORDERED}""")
    assert (compiled.parameters, compiled.lists[0].columns) == (("p2", "p3"), (("value_1", "TEXT", "p1"),))
    assert ":p2" in compiled.text
    assert "`soma_at_soma_list_1`" in compiled.text


def test_an_order_by_what_is_not_asked_for_comes_along(spoken: Dialect) -> None:
    compiled = spoken.query("SELECT d.action FROM decisions AS d ORDER BY d.step DESC NULLS FIRST, d.action NULLS LAST")
    assert compiled.columns == ("action",)
    assert [tuple(key) for key in compiled.keys] == [("soma_key_1", True, True), ("action", False, False)]
    assert "ORDER BY" not in compiled.text


ON_DUCKDB_ONLY = {
    "vault/replay.sql": "mends a vault whose log is damaged, from files of which no engine knows the version",
    "vault/views.sql: execution_totals": "recursive; no job asks for it",
}
"""Every query that is not said to engines, and why."""


def _files() -> list[str]:
    listed = [path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.sql") if ".venv" not in path.parts]
    return sorted(name for name in listed if not name.startswith(("vault/", "build/")))


@pytest.mark.parametrize("name", _files())
def test_every_query_of_the_jobs_is_read_alike_by_all_engines(spoken: Dialect, name: str) -> None:
    spoken.query((ROOT / name).read_text(encoding="utf-8"))


def test_every_view_of_the_vault_is_read_alike_by_all_engines(spoken: Dialect) -> None:
    refused = set()
    for name in spoken.views:
        try:
            spoken.view(name)
        except NotPortable:
            refused.add(name)
    assert refused == {"execution_totals"}
    assert {path.name for path in (ROOT / "vault").glob("*.sql")} == {"views.sql", "paths.sql", "replay.sql"}
    assert all((ROOT / Path(name.partition(":")[0])).is_file() for name in ON_DUCKDB_ONLY)


def test_without_an_engine_nothing_of_it_is_loaded() -> None:
    code = "import sys, soma.api.vault, soma.cli.main\nprint({'sqlglot', 'pyspark'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "set()"
