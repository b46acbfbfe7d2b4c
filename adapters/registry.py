"""Which adapters there are: those that ship with soma, and those that installed packages add."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import cache
from importlib.metadata import entry_points

from soma.errors import ConfigError, UsageError

from .blocks.head import Head
from .contract import Adapter, Match

GROUP = "soma.adapters"
_UNMISTAKABLE = 1.0
"""Nobody can be surer than this: the adapters behind need not be asked."""

_BUILT_IN = (
    "openclaw",
    "openclaw_events",
    "claude_code",
    "langchain",
    "otel",
    "agentflow",
    "codex",
    "gemini_cli",
    "openai_agents",
    "langfuse",
    "inspect_ai",
    "swe_agent",
    "atif",
    "trail",
    "soma_guard",
    "generic",
)

MODULES = tuple(f"soma.adapters.{name}" for name in _BUILT_IN)
"""Modules of the built-in adapters, for processes that load them ahead."""


@cache
def adapters() -> tuple[Adapter, ...]:
    """All adapters, built-in ones first; where two recognise a file equally well, the earlier one reads it.

    Raises:
        ConfigError: if an installed package offers something that is no adapter, or a name that is taken.
    """
    found = [_adapter(module) for module in MODULES]
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        offered = entry.load()
        if not isinstance(offered, Adapter):
            raise ConfigError(f"the entry point {entry.name!r} of {GROUP} is no adapter", where=entry.value,
                              hint="it must name an object of soma.adapters.contract.Adapter")  # fmt: skip
        found.append(offered)
    names = [adapter.name for adapter in found]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"two adapters are called {name!r}", hint="uninstall one of the packages that add it")
    return tuple(found)


def _adapter(module: str) -> Adapter:
    adapter: Adapter = importlib.import_module(module).ADAPTER
    return adapter


def adapter_named(name: str) -> Adapter:
    """The adapter of that name.

    Raises:
        UsageError: if there is none.
    """
    for adapter in adapters():
        if adapter.name == name:
            return adapter
    raise UsageError(f"there is no adapter {name!r}", hint="formats: " + ", ".join(a.name for a in adapters()))


def recognise(head: Head, candidates: Sequence[Adapter] | None = None) -> tuple[Adapter, Match] | None:
    """The adapter that is surest to know the file, with its claim; ``None`` when none does."""
    best: tuple[Adapter, Match] | None = None
    for adapter in adapters() if candidates is None else candidates:
        match = adapter.sniff(head)
        if match is not None and (best is None or match.confidence > best[1].confidence):
            best = (adapter, match)
            if match.confidence >= _UNMISTAKABLE:
                break
    return best
