"""What this person has seen of a vault's audit, kept outside the vault.

Whoever can write to a vault can read its key and could write an audit anew from the first entry on. A note of the last
entry that was seen, in the person's own folder, makes a history that was cut or written anew visible to anyone who
looked at the old one. It is a memory, not a proof: docs/governance.md.
"""

from __future__ import annotations

from soma import files
from soma.config import home
from soma.identity import digest
from soma.schema import AUDIT
from soma.vault import VaultRoot
from soma.vault.audit import Chain
from soma.vault.damage import Finding


class Witness:
    """The note about one vault, known by where it lies.

    Args:
        vault: The vault.
    """

    def __init__(self, vault: VaultRoot) -> None:
        self._path = home() / "seen" / digest(vault.storage.identity)

    def compare(self, chain: Chain) -> list[Finding]:
        """What was seen earlier and is gone; where nothing is, the chain's last entry is noted."""
        seen = self._seen()
        if seen and all(entry.hash != seen for entry in chain.entries):
            gone = f"the entry with hash {seen[:16]}… was there when you last looked and is gone"
            told = f"{gone} (if you made this vault anew, delete {self._path})"
            return [Finding(AUDIT.path, told)]
        if not chain.findings and chain.head not in ("", seen):
            self._note(chain.head)
        return []

    def _note(self, head: str) -> None:
        try:
            files.make_private_folder(self._path.parent)
            files.write_private(self._path, head.encode())
        except OSError:
            # Where nothing can be written down, nothing is remembered: the audit itself is whole without it.
            return

    def _seen(self) -> str:
        try:
            return self._path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return ""
