"""What a file is: the adapter that claims it, or why none reads it. Whatever an adapter does, it is contained here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from soma.adapters.contract import Adapter
from soma.adapters.mapped import adapter_of
from soma.adapters.registry import adapters, recognise
from soma.errors import SomaError, SourceError, VaultError
from soma.source import Source

from . import fingerprint
from .discover import Candidate
from .heads import Heads, looks_like
from .portion import Settings, SourceReport

_T = TypeVar("_T")


def read_contained(who: str, step: Callable[[], _T], fail: Callable[[str], None]) -> _T | None:
    """What ``step`` returns; whatever goes wrong in it becomes the reason why sources failed.

    This is the one place where the harvester catches everything: a format nobody has seen yet may break an adapter in
    any way, and a thousand other sources must not suffer for it.

    Args:
        who: Named when it breaks, as ``the adapter openclaw``.
        step: Looks at sources, reads them, or makes rows of what was read.
        fail: Takes the reason, in words that hold no text of the source.

    Raises:
        VaultError: if the vault cannot be written to, which is no source's fault.
    """
    try:
        return step()
    except VaultError:
        raise
    except SomaError as problem:
        fail(f"{problem.message}; {problem.hint}" if isinstance(problem, SourceError) else problem.message)
    except OSError as problem:
        fail(f"cannot be read: {problem.strerror or type(problem).__name__}")
    except Exception as problem:  # noqa: BLE001
        fail(f"{who} broke on it: {type(problem).__name__}")
    return None


class Recogniser:
    """Recognises sources, one after the other.

    Args:
        settings: Those of the harvest.
    """

    def __init__(self, settings: Settings) -> None:
        self._heads = Heads()
        self._folders = fingerprint.Folders()
        mapping = settings.mapping
        self._choice = adapters() if mapping is None else (adapter_of(mapping), *adapters())
        name = settings.format
        self._forced = next((each for each in self._choice if each.name == name), None) if name else None

    def of(self, candidate: Candidate, report: SourceReport) -> tuple[Adapter, Source] | None:
        """Who reads the source; ``None`` where nobody does, and then the report says why.

        Raises:
            OSError: if it cannot be read.
            Whatever an adapter raises.
        """
        head = self._heads.of(candidate)
        if candidate.size == 0:
            report.state, report.reason = "empty", "the file is empty"
            return None
        forced = self._forced
        found = recognise(head, [forced] if forced else self._choice)
        if found is not None:
            adapter, match = found
            report.variant = match.variant
            if match.use != "read":
                report.state, report.reason = match.use, match.why
        elif forced is not None:
            adapter = forced
        else:
            report.state, report.reason = "unrecognised", f"no adapter claims it (looks like: {looks_like(head)})"
            report.stamp = fingerprint.stamp(candidate, None, self._folders)
            return None
        report.adapter, report.adapter_version = adapter.name, adapter.version
        # Before the companions are read: what changes in them from now on must be noticed next time.
        report.stamp = fingerprint.stamp(candidate, adapter, self._folders)
        if report.state != "read":
            return None
        source = Source(candidate.path, candidate.source_id, size=candidate.size)
        if len(head.data) == candidate.size:
            source.data, source.document = head.data, head.whole
        source.context = adapter.context(source)
        return adapter, source
