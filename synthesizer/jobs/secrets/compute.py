"""Secrets by kind. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from .model import Kind, LedgerRow, MarkRow, Secrets


def secrets_of(marks: Sequence[MarkRow], ledger: Sequence[LedgerRow], kind: str | None) -> Secrets:
    """The kinds, the most frequent first, and the marks of the chosen kind or of all."""
    chosen = [mark for mark in marks if kind in (None, mark.kind)]
    kinds = []
    for name in {row.kind for row in ledger} | {mark.kind for mark in chosen}:
        if kind not in (None, name):
            continue
        counted = [row for row in ledger if row.kind == name]
        kinds.append(
            Kind(
                kind=name,
                replaced=sum(int(row.many) for row in counted),
                different=len({mark.mark for mark in chosen if mark.kind == name}),
                sources=len({row.path for row in counted}),
            )
        )
    return Secrets(kinds=tuple(sorted(kinds, key=lambda k: (-k.replaced, k.kind))), marks=tuple(chosen))
