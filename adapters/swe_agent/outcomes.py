"""How a step went. A trajectory has no flag for it: only what the tools, the shell and the interpreter say.

Known words of refusal and failure are believed where they stand first; a step that was observed without them went
well as far as can be seen, and one without an observation is unknown.
"""

from __future__ import annotations

import re

from soma.model import Outcome, Status

_LOOKED_AT = 400
_TIMED_OUT = re.compile(
    r"\s*(?:EXECUTION TIMED OUT|COMMAND TIMED OUT|The command .{0,200}? was cancelled because it took more than)",
    re.DOTALL,
)
_FAILED = re.compile(
    r"\s*(?:Your proposed edit has introduced new syntax error|Your edit was not applied|Your command had bad syntax"
    r"|Your bash command contained syntax errors|COMMAND FAILED TO EXECUTE|EXECUTION FAILED|Wrong flag!|Text not found"
    r"|No replacement was performed|Traceback \(most recent call last\):|(?:usage: .{0,200}\n)?[\w./-]+: error: "
    r"|Error: |ERROR: |Invalid `|Operation '.{0,80}' is not supported|No file open\b|File \S{1,200} not found\b)",
    re.DOTALL,
)
# The whole answer of a shell or a program that could not do what it was asked.
_REFUSED = re.compile(
    r"\s*[\w./ -]+: [^\n]*(?:command not found|No such file(?: or directory)?|Permission denied|Is a directory"
    r"|Not a directory|cannot execute[^\n]*|syntax error[^\n]*)\.?\s*\Z",
)
_DONE = "submitted"
# The run was stopped from outside, or nobody says how it ended.
_OPEN = frozenset({"", "early_exit", "skipped", "unknown"})


def outcome_of(observation: str | None) -> Outcome:
    """Outcome of a step from what was observed."""
    if observation is None:
        return "unknown"
    text = observation[:_LOOKED_AT]
    if _TIMED_OUT.match(text):
        return "timeout"
    if _FAILED.match(text) or (len(observation) <= _LOOKED_AT and _REFUSED.match(text)):
        return "failed"
    return "ok"


def status_of(exit_status: str | None) -> Status:
    """How a run ended. Work that was submitted for the agent when a limit stopped it was not completed by it."""
    if exit_status is None or exit_status in _OPEN:
        return "unknown"
    return "completed" if exit_status == _DONE else "failed"
