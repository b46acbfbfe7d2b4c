"""What a failed shell call means: for some programs an exit code other than 0 is an answer, not an error."""

from __future__ import annotations

from soma.pressure.window import Seen

ANSWERING: frozenset[str] = frozenset(
    f"exec:{name}" for name in ("grep", "egrep", "fgrep", "rg", "ag", "diff", "cmp", "test", "which", "pgrep")
)
"""Their exit code 1 says that nothing was found, or that files differ (POSIX); a real error of theirs is missed."""

LOOKING: frozenset[str] = frozenset(
    f"exec:{name}" for name in ("ls", "cat", "pwd", "stat", "file", "head", "tail", "tree")
)
"""Programs by which an agent looks at what is there: after an error that is what it is advised to do."""


def broke(seen: Seen) -> bool:
    """Whether it was a shell call that failed for another reason than an answer one may not have liked."""
    return seen.failed and seen.role == "shell" and seen.action not in ANSWERING
