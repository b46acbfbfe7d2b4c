"""Which secrets were found where; never the secrets."""

from __future__ import annotations

from soma.synthesizer.inputs import Queryable, answer

from .compute import secrets_of
from .model import LedgerRow, MarkRow, Secrets


def run(vault: Queryable, kind: str | None = None) -> Secrets:
    """Every secret by its mark: its kind, where it stands and how often; only those of ``kind`` when that is given."""
    return secrets_of(answer(vault, MarkRow, __name__, "marks"), answer(vault, LedgerRow, __name__, "ledger"), kind)
