"""From a job's query to what a Spark Connect endpoint is sent: looked through, names resolved, in Spark's words.

The order of the answer is made where it arrives, so the query that is sent has none (unless it is cut by LIMIT), and
carries beside its columns what that order asks for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from . import guard, spark, typed
from .errors import NotPortable, refused
from .reading import Node, first_line_of, statements

MARK = "soma_at_"
"""What the names of views and relations begin with in a compiled text, until a snapshot's own prefix stands there."""
_KEY = "soma_key_"
_LIST = "soma_list_"


class Key(NamedTuple):
    """One key of the order: a column of what arrives."""

    column: str
    descending: bool
    nulls_first: bool


class Listed(NamedTuple):
    """A relation made of list parameters.

    Attributes:
        name: The table the query asks for.
        columns: Name, DuckDB type of an item and parameter (as ``p1``) of each column.
    """

    name: str
    columns: tuple[tuple[str, str, str], ...]


class Compiled(NamedTuple):
    """A query as it is sent.

    Attributes:
        text: Spark SQL over names that begin with ``MARK``; scalars are named parameters (``:p1``).
        columns: Names of the answer's columns, in order.
        keys: What orders the answer; keys beyond ``columns`` come after them.
        parameters: Names of the scalar parameters.
        lists: Relations to make of list parameters.
        tables: Names of the views and relations it asks for.
    """

    text: str
    columns: tuple[str, ...]
    keys: tuple[Key, ...]
    parameters: tuple[str, ...]
    lists: tuple[Listed, ...]
    tables: frozenset[str]

    def text_over(self, prefix: str) -> str:
        """The text over views and relations whose names begin with ``prefix``."""
        return self.text.replace(f"`{MARK}", f"`{prefix}")


class Dialect:
    """Compiles queries over views whose columns are known.

    Args:
        stored: Column names and DuckDB types of the tables that are there before any view.
    """

    def __init__(self, stored: Mapping[str, Mapping[str, str]]) -> None:
        self._columns = {name: dict(columns) for name, columns in stored.items()}
        self._views: dict[str, exp.Query] = {}
        self._compiled: dict[str, Compiled] = {}

    def add_views(self, text: str) -> None:
        """Take in the views (or tables made by a query) of a file of ``CREATE … AS`` statements; macros are left out.

        Raises:
            NotPortable: if the text cannot be read.
        """
        for statement in statements(text):
            if not isinstance(statement, exp.Create):
                raise refused("a statement other than CREATE", statement, "make a view")
            made = statement.expression
            if not isinstance(made, exp.Query):
                continue
            made.set("order", None)
            self._views[statement.this.name] = made
            # What a view's columns are is asked of a copy: whether engines read it alike, where it is used.
            tree = self._qualified(made.copy())
            self._columns[statement.this.name] = {item.alias_or_name: _type_of(item) for item in tree.selects}

    def add_relation(self, name: str, columns: Mapping[str, str]) -> None:
        """Take in a relation that whoever runs the queries makes: its columns and their DuckDB types."""
        self._columns[name] = dict(columns)

    def columns(self, name: str) -> Mapping[str, str]:
        """Columns of a table, view or relation and their DuckDB types."""
        return self._columns[name]

    @property
    def views(self) -> Sequence[str]:
        """The views, in the order of the files."""
        return tuple(self._views)

    def view(self, name: str) -> Compiled:
        """A view as a query.

        Raises:
            NotPortable: if engines read it differently.
        """
        return self._compile(self._views[name].copy(), of_view=True)

    def query(self, text: str) -> Compiled:
        """A job's query.

        Args:
            text: One SELECT.

        Raises:
            NotPortable: if engines read it differently.
        """
        if text not in self._compiled:
            found = statements(text)
            if len(found) != 1 or not isinstance(found[0], exp.Query):
                raise NotPortable("only one SELECT can be asked of a vault", hint="write one query that reads")
            self._compiled[text] = self._compile(found[0], of_view=False)
        return self._compiled[text]

    def _compile(self, tree: exp.Query, *, of_view: bool) -> Compiled:
        guard.check(tree)
        if not of_view:
            guard.check_order(tree)
        self._tell_columns(tree)
        typed.check_names(tree)
        lists = _take_lists(tree)
        parameters = tuple(sorted({place.name for place in tree.find_all(exp.Placeholder)}))
        tree = self._qualified(tree, lists)
        typed.check_types(tree)
        columns = tuple(tree.named_selects)
        if len(set(columns)) != len(columns):
            raise refused("two columns of one name", tree, "name each column")
        keys = _take_order(tree, columns)
        tables = _mark_tables(tree, set(self._columns) | {item.name for item in lists})
        return Compiled(spark.text_of(tree), columns, keys, parameters, lists, tables)

    def _tell_columns(self, tree: exp.Query) -> None:
        for table in tree.find_all(exp.Table):
            table.meta["columns"] = tuple(self._columns.get(table.name, ()))

    def _qualified(self, tree: exp.Query, lists: Sequence[Listed] = ()) -> exp.Query:
        columns: dict[str, object] = dict(self._columns)
        columns.update({item.name: {name: kind for name, kind, _ in item.columns} for item in lists})
        schema = MappingSchema(columns, dialect="duckdb")
        try:
            qualified = qualify(spark.known_functions(tree), schema=schema, dialect="duckdb", quote_identifiers=True)
            return annotate_types(qualified, schema=schema, dialect="duckdb")
        except SqlglotError as problem:
            line = first_line_of(tree)
            raise NotPortable(
                f"a name of the query is not known: {str(problem).splitlines()[0]}",
                where=f"line {line}" if line else None,
                hint="docs/rows.md names the columns of every view",
            ) from None


def _type_of(item: Node) -> str:
    return item.type.sql("duckdb") if item.type is not None else "UNKNOWN"


def _take_lists(tree: exp.Query) -> tuple[Listed, ...]:
    """Put a relation in the place of every ``SELECT unnest(CAST(? AS T[])) AS name, …``.

    Raises:
        NotPortable: for a list parameter that stands elsewhere, and for unnest twice in one SELECT.
    """
    found: list[Listed] = []
    for select in list(tree.find_all(exp.Select)):
        exploded = [item for item in select.selects if item.find(exp.Explode) is not None]
        if not exploded:
            continue
        columns = [_listed(item, place) for place, item in enumerate(select.selects, start=1)]
        if not select.args.get("from_") and all(columns):
            listed = Listed(f"{_LIST}{len(found) + 1}", tuple(column for column in columns if column))
            found.append(listed)
            select.set("expressions", [exp.column(name) for name, _, _ in listed.columns])
            select.set("from_", exp.From(this=exp.to_table(listed.name)))
        elif len(exploded) > 1:
            raise refused("unnest twice in one SELECT", select, "unnest(map_entries(m)) once, or one SELECT for each")
    for place in tree.find_all(exp.Placeholder):
        if isinstance(place.parent, exp.Cast) and place.parent.to.this == exp.DType.ARRAY:
            raise refused("a list as a parameter here", place.parent, "x IN (SELECT unnest(CAST(? AS VARCHAR[])))")
    return tuple(found)


def _listed(item: Node, place: int) -> tuple[str, str, str] | None:
    of = item.unalias()
    if not (
        isinstance(of, exp.Explode) and isinstance(of.this, exp.Cast) and isinstance(of.this.this, exp.Placeholder)
    ):
        return None
    kind = of.this.to
    if kind.this != exp.DType.ARRAY or not kind.expressions:
        return None
    return item.alias or f"value_{place}", kind.expressions[0].sql("duckdb"), of.this.this.name


def _take_order(tree: exp.Query, columns: tuple[str, ...]) -> tuple[Key, ...]:
    """Name the keys of the outermost order as columns of the answer; keep the order only where LIMIT asks for it."""
    order = tree.args.get("order")
    if order is None:
        return ()
    keys = []
    for place, ordered in enumerate(order.expressions, start=1):
        by = ordered.this
        name = by.name if isinstance(by, exp.Column) and not by.table else None
        if name is None or name not in columns:
            name = next((item.alias for item in tree.selects if item.unalias() == by), None)
        if name is None:
            if not isinstance(tree, exp.Select) or tree.args.get("distinct"):
                raise refused("an order by what is no column of the answer", ordered, "order by its columns")
            name = f"{_KEY}{place}"
            tree.select(exp.alias_(by.copy(), name, quoted=True), copy=False)
        keys.append(Key(name, bool(ordered.args.get("desc")), bool(ordered.args.get("nulls_first"))))
        ordered.set("this", exp.column(name, quoted=True))
    if not tree.args.get("limit"):
        tree.set("order", None)
    return tuple(keys)


def _mark_tables(tree: exp.Query, known: set[str]) -> frozenset[str]:
    made = {cte.alias for cte in tree.find_all(exp.CTE)}
    asked = set()
    for table in tree.find_all(exp.Table):
        name = table.name
        if name in made or name not in known:
            continue
        asked.add(name)
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
        table.set("this", exp.to_identifier(f"{MARK}{name}", quoted=True))
    return frozenset(asked)
