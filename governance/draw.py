"""One decision as one commit: its entries of the audit, the rows they put into the canon, the proposals they decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from soma.schema import AUDIT, POLICIES, PROPOSALS
from soma.vault import VaultRoot
from soma.vault.audit import Act, Entry, row_of, sealed
from soma.vault.canon import Canon, CanonRow, stored
from soma.vault.writer import Changes

from .backtest import Backtest
from .canon import row_for
from .model import Decided
from .policy import Policy
from .witness import Witness

LONGEST_REASON = 2000


class Draw:
    """A decision being drawn up.

    Args:
        root: The vault, held for writing by the caller.
        canon: Its canon as it is.
        actor: Who decides.
        now: When.
    """

    def __init__(self, root: VaultRoot, canon: Canon, actor: str, now: int) -> None:
        self._root = root
        self._canon = canon
        self._actor = actor
        self._now = now
        self._entries: list[Entry] = []
        self._rows: dict[tuple[str, int], CanonRow] = {}
        self._decided: dict[str, str] = {}

    def entry(self, action: Act, subject: str, reason: str, details: Mapping[str, Any]) -> None:
        """Add an entry to the audit."""
        before = [*self._canon.chain.entries, *self._entries]
        self._entries.append(sealed(
            before, key=self._root.key(), at=self._now, actor=self._actor, action=action, subject=subject,
            reason=reason.strip()[:LONGEST_REASON], details=details,
        ))  # fmt: skip

    def take_up(self, policy: Policy, reason: str, details: Mapping[str, Any]) -> None:
        """Add a policy to the canon."""
        row = row_for(policy, actor=self._actor, at=self._now, entry=self._next)
        self._put("promote", row, reason, details)

    def change(self, action: Act, row: CanonRow, status: str, reason: str) -> None:
        """Give a row of the canon another status."""
        changed = msgspec.structs.replace(row, status=status, audit_entry=self._next)
        self._put(action, changed, reason, {"policyId": row.policy_id, "origin": row.origin})

    def decide(self, proposal: str, status: str) -> None:
        """Give a proposal the status that was decided."""
        self._decided[proposal] = status

    @property
    def _next(self) -> int:
        return len(self._canon.chain.entries) + len(self._entries) + 1

    def _put(self, action: Act, row: CanonRow, reason: str, details: Mapping[str, Any]) -> None:
        self.entry(action, row.policy_id, reason, {**details, "version": row.version, "row": row.digest})
        self._rows[row.policy_id, row.version] = row

    def changes(self) -> Changes:
        """Everything as one commit."""
        import pyarrow as pa

        changes = Changes()
        audit = [row_of(entry) for entry in self._entries]
        changes.add(AUDIT, "subject", set(), pa.Table.from_pylist(audit, schema=AUDIT.arrow()))
        if self._rows:
            ids = {policy for policy, _ in self._rows}
            rows = {(row.policy_id, row.version): row for row in self._canon.rows if row.policy_id in ids} | self._rows
            made = [stored(row) for _, row in sorted(rows.items())]
            changes.add(POLICIES, "policy_id", ids, pa.Table.from_pylist(made, schema=POLICIES.arrow()))
        if self._decided:
            table = self._root.snapshot().read(PROPOSALS)
            made = [row | {"status": self._decided[row["insight_id"]]} for row in table.to_pylist()
                    if row["insight_id"] in self._decided]  # fmt: skip
            changes.add(
                PROPOSALS, "insight_id", set(self._decided), pa.Table.from_pylist(made, schema=PROPOSALS.arrow())
            )
        return changes

    def done(
        self, version: int, action: str, policy: Policy | None, backtest: Backtest | None, identity: str = ""
    ) -> Decided:
        """What was done, once it is committed."""
        head = self._entries[-1].hash
        chain = self._canon.chain
        Witness(self._root).compare(msgspec.structs.replace(chain, entries=(*chain.entries, *self._entries)))
        return Decided(
            action=action, id=policy.id if policy else identity, actor=self._actor, entries=tuple(self._entries),
            head=head, policy=policy, backtest=backtest, version=version,
        )  # fmt: skip
