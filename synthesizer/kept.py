"""Answers over the whole vault that the nightly run keeps, so that asking again is instant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from soma import __version__, codec
from soma.config import TaskRule
from soma.identity import digest

from .inputs import Queryable, columns_of, rows_of
from .queries import query

if TYPE_CHECKING:
    import pyarrow as pa

_Result = TypeVar("_Result")
METHOD = 4
"""Raised when a job answers the same rows differently than before: what older methods answered is not used again."""


class Once(Protocol):
    """Makes something, or gives what it made before under the same name."""

    def __call__(self, what: tuple[object, ...], make: Callable[[], _Result], /) -> _Result:
        """What ``make`` makes."""
        ...


class Keeping:
    """A snapshot that remembers what was asked of it as a whole: each such question is answered once.

    Attributes:
        answers: Job and parameters (JSON) to the answer.
    """

    def __init__(self, vault: Queryable) -> None:
        self._vault = vault
        self._made: dict[tuple[object, ...], Any] = {}
        self.answers: dict[tuple[str, str], Any] = {}

    def once(self, what: tuple[object, ...], make: Callable[[], _Result]) -> _Result:
        """What several questions are answered from, made for the first of them; ``what`` begins with the job."""
        if what not in self._made:
            self._made[what] = make()
        made: _Result = self._made[what]
        return made

    @cached_property
    def may_hold(self) -> bool:
        """Whether any answer made from these rows is stored: where none is, none needs to be looked for."""
        if not self.basis:
            return False
        found = rows_of(self._vault, query("soma.synthesizer", "answered"), (basis(self),))
        return bool(found[0][0])

    @property
    def basis(self) -> str:
        """The snapshot's."""
        return self._vault.basis

    @property
    def task_rules(self) -> tuple[TaskRule, ...]:
        """The snapshot's."""
        return self._vault.task_rules

    def sql(self, query: str, parameters: Sequence[object] = ()) -> pa.Table:
        """What the snapshot answers."""
        return self._vault.sql(query, parameters)

    def columns(self, query: str, parameters: Sequence[object] = ()) -> list[list[Any]]:
        """The same as lists of values: of many rows that takes a fraction of what rows take."""
        return columns_of(self._vault.sql(query, parameters))

    def rows(self, query: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The same as rows."""
        return list(zip(*self.columns(query, parameters), strict=True))


def once_of(vault: Queryable) -> Once:
    """How a job makes what it needs for several questions: once where the vault remembers, else every time."""
    return vault.once if isinstance(vault, Keeping) else every_time


def every_time(what: tuple[object, ...], make: Callable[[], _Result]) -> _Result:  # noqa: ARG001 - an ``Once``
    """Make it anew."""
    return make()


def kept(
    vault: Queryable, job: str, parameters: dict[str, Any], result: type[_Result], compute: Callable[[], _Result]
) -> _Result:
    """The answer of ``job``: the kept one where it was made from these very rows by this method, else a new one.

    Args:
        vault: The snapshot to answer from.
        job: Name of the job.
        parameters: Everything besides the rows that decides the answer; JSON values.
        result: Type of the answer.
        compute: Makes it.
    """
    asked = (job, codec.encode(parameters))
    if isinstance(vault, Keeping):
        if asked not in vault.answers:
            vault.answers[asked] = (_stored(vault, asked, result) if vault.may_hold else None) or compute()
        answer: _Result = vault.answers[asked]
        return answer
    return _stored(vault, asked, result) or compute()


def _stored(vault: Queryable, asked: tuple[str, str], result: type[_Result]) -> _Result | None:
    if not vault.basis:
        return None
    found = rows_of(vault, query("soma.synthesizer", "kept"), (*asked, basis(vault)))
    if not found:
        return None
    try:
        return msgspec.json.decode(found[0][0], type=result)
    except msgspec.ValidationError:
        # An answer of another shape is one of an older method: as good as none.
        return None


def basis(vault: Queryable) -> str:
    """What a kept answer was made from: the rows, the rules about tasks, and the method that read them."""
    rules = codec.encode([msgspec.to_builtins(rule) for rule in vault.task_rules])
    return digest(f"{vault.basis} {__version__} {METHOD} {rules}", size=16)
