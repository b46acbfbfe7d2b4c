"""All checks by name, and the two ways to run them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from soma.adapters.contract import Adapter
from soma.errors import SourceError, UsageError

from .honesty import capability_honesty, positions, sound_drafts
from .hostile import hostile_input
from .purity import purity
from .reading import Broke, contained
from .recognition import sniff
from .sameness import growth, idempotence, identity, order_independence, torn_tail
from .streaming import bounded_memory, long_texts, streaming
from .violation import Violation

Check = Callable[[Adapter, Sequence[Path]], Iterator[Violation]]

CHECKS: Mapping[str, Check] = {
    "sniff": sniff,
    "sound_drafts": sound_drafts,
    "positions": positions,
    "capability_honesty": capability_honesty,
    "idempotence": idempotence,
    "identity": identity,
    "order_independence": order_independence,
    "growth": growth,
    "torn_tail": torn_tail,
    "purity": purity,
    "streaming": streaming,
    "bounded_memory": bounded_memory,
    "long_texts": long_texts,
    "hostile_input": hostile_input,
}
"""Name of a check to the check, in the order they are run."""


def check_adapter(adapter: Adapter, samples: Sequence[Path], checks: Iterable[str] | None = None) -> list[Violation]:
    """Everything in which the adapter does not keep its contract; empty when it conforms.

    Args:
        adapter: The adapter.
        samples: Real files it reads: a few small ones, of every form of the format. Companions (indexes that are read
            beside a source) may lie beside them, but are no samples themselves.
        checks: Names of the checks to run; all when left out.

    Raises:
        UsageError: if there are no samples, one cannot be read, or there is no check of a name.
    """
    wanted = list(CHECKS if checks is None else checks)
    if unknown := [name for name in wanted if name not in CHECKS]:
        raise UsageError(f"there is no check {unknown[0]!r}", hint="checks: " + ", ".join(CHECKS))
    if not samples:
        raise UsageError("an adapter is checked with samples, and there are none", hint="give one small file or more")
    if absent := [path for path in samples if not path.is_file()]:
        raise UsageError("a sample is no file", where=str(absent[0]), hint="give paths of files, not of folders")
    return [violation for name in wanted for violation in _run(name, adapter, samples)]


def _run(name: str, adapter: Adapter, samples: Sequence[Path]) -> list[Violation]:
    found: list[Violation] = []
    try:
        result = contained(lambda: found.extend(CHECKS[name](adapter, samples)))
    except SourceError as problem:
        return [*found, Violation(name, "", f"a sample cannot be read: {problem}")]
    return [*found, Violation(name, "", result.what)] if isinstance(result, Broke) else found


def assert_conforms(adapter: Adapter, samples: Sequence[Path], checks: Iterable[str] | None = None) -> None:
    """Raise when the adapter does not conform.

    Raises:
        AssertionError: with one line for every violation.
        UsageError: as ``check_adapter`` does.
    """
    violations = check_adapter(adapter, samples, checks)
    if violations:
        lines = "\n".join(f"  {violation}" for violation in violations)
        raise AssertionError(f"the adapter {adapter.name} does not conform ({len(violations)} violations):\n{lines}")
