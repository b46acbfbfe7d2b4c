"""Whether a later choice tries the same again: what makes two calls one intent, and what only looks like success."""

from __future__ import annotations

import re
from collections.abc import Sequence

from soma.action.names import words

from .call import OPERATORS, Call
from .model import Step

LEAST_SHARED = 0.5
"""Two commands of one program that share less of their words are two intents."""
ALIKE = 0.75
"""File names in one folder that are less alike (Indel similarity) are two files."""
_VALUES_ALIKE = 0.7
_FILES = frozenset({"edit", "write"})
_UNKNOWN_PROGRAM = re.compile(
    r"command not found|not recognized|not installed|no such command|unknown command|: not found",
    re.IGNORECASE,
)
_ASKING = frozenset({"[", "[[", "test", "!"})
_SEEKING = frozenset(f"exec:{name}" for name in words("ls cat find grep stat head tail wc du file rm"))
_MOVING = frozenset({"exec:mv", "exec:cp"})
_MAKING = frozenset({"mkdir", "touch"})
_HARMLESS = frozenset({"echo", "true", ":", "exit", "printf"})
_SWALLOWING = frozenset(words("head tail cat tee less more grep egrep sort uniq wc awk sed cut tr jq"))
_ENDS = frozenset(("|", "|&", "||", "&&", ";"))
_WHICH = ("sessionId", "session_id", "pid", "processId", "process_id", "bash_id", "shell_id")
_NULL = frozenset({"/dev/null"})
_MISSING = re.compile(r"no such file|not found|does ?n[o']t exist|cannot find|missing operand", re.IGNORECASE)
_FORCED = re.compile(r"-[a-zA-Z]*f[a-zA-Z]*\Z|--force\Z")


def same_intent(failed: Step, first: Call, later: Step, second: Call) -> bool:
    """Whether ``later`` tries again what ``failed`` tried: the same role and arguments that overlap.

    A command: the same program and at least half of the words in common (Jaccard), an operand among them; another
    program only where the error says that the first one is not there, with the same operands. A tool that takes a file:
    the same file, or one of almost the same name. Any other tool: at least half of the fields alike, or its only value
    almost; another tool only when everything it is given was given before.
    """
    if is_command(failed) or is_command(later):
        return is_command(failed) and is_command(later) and _same_command(failed, first, later, second)
    if failed.role != later.role and not {failed.role, later.role} <= _FILES:
        return False
    if first.path or second.path:
        if failed.role == "other" and failed.tool != later.tool:
            return False
        return bool(first.path and second.path) and same_file(first.path, second.path)
    if failed.role in _FILES and "command" not in first.fields:
        # Which file it was is not recorded.
        return False
    return _same_fields(failed.tool == later.tool, first.fields, second.fields)


def is_command(step: Step) -> bool:
    """Whether a choice ran a command, and not only looked after a process."""
    return step.role == "shell" and step.action.startswith("exec")


def same_file(first: str, second: str) -> bool:
    """Whether two paths were meant to be one: equal names in any case, or almost equal names in one folder."""
    from rapidfuzz.distance import Indel

    folder, _, name = first.rstrip("/").rpartition("/")
    other_folder, _, other = second.rstrip("/").rpartition("/")
    if name.casefold() == other.casefold():
        return True
    return folder == other_folder and Indel.normalized_similarity(name.casefold(), other.casefold()) >= ALIKE


def _same_command(failed: Step, first: Call, later: Step, second: Call) -> bool:
    before, after = _plain_words(first), _plain_words(second)
    if not before or not after:
        return False
    operands, others = _operands(before), _operands(after)
    if failed.action != later.action:
        missing = _UNKNOWN_PROGRAM.search(failed.error or "")
        return bool(missing) and len(operands - others) <= 1 and len(operands & others) >= 1
    shared = [word for word in before & after if not word.startswith("-")]
    if not operands & others and len(shared) < 2 <= min(len(before), len(after)):
        # With the program alone in common, every call would be every other.
        return False
    return len(before & after) >= LEAST_SHARED * len(before | after)


def _plain_words(call: Call) -> frozenset[str]:
    return frozenset(word.strip("\"'`").rstrip("/") or word for word in call.words if word not in OPERATORS)


def _operands(words: frozenset[str]) -> frozenset[str]:
    """Words a command is about: paths, patterns, names; neither options nor short words such as the program's name."""
    return frozenset(
        word for word in words if not word.startswith("-") and (len(word) > 4 or "/" in word or "." in word)
    )


def _same_fields(same_tool: bool, first: dict[str, str], second: dict[str, str]) -> bool:
    if not first or not second:
        return same_tool and first == second
    if any(first.get(key) != second.get(key) for key in _WHICH):
        return False
    equal = sum(1 for key, value in second.items() if first.get(key) == value)
    if not same_tool:
        return equal >= 2 and equal == len(second)
    union = len(first.keys() | second.keys())
    if 2 * equal >= union:
        return True
    if first.keys() != second.keys() or len(first) != 1:
        return False
    from rapidfuzz.distance import Indel

    ((key, value),) = first.items()
    return Indel.normalized_similarity(value[:400], second[key][:400]) >= _VALUES_ALIKE


def masks(failed: Step, first: Call, second: Call) -> bool:
    """Whether the second command only keeps a failure from showing.

    After ``|| true``, ``; echo`` or ``| tail`` the exit code is that of another program; ``2>/dev/null``, ``if [ -d …``
    and ``rm -f`` of what is not there say nothing about the error either.
    """
    if len(_masking(second.words)) > len(_masking(first.words)):
        return True
    if "rm" not in second.words or not _MISSING.search(failed.error or ""):
        return False
    return any(map(_FORCED.match, second.words)) and not any(map(_FORCED.match, first.words))


def makes_up(failed: Step, first: Call, second: Call, between: Sequence[Step]) -> bool:
    """Whether what a call looked for (or would move or remove) and did not find was made for it: that is no repair."""
    if failed.action in _MOVING:
        missing = "cannot stat" in (failed.error or "")
    else:
        missing = failed.action in _SEEKING and bool(_MISSING.search(failed.error or ""))
    made = any(step.action in ("exec:mkdir", "exec:touch") for step in between)
    return missing and (made or bool(_MAKING & (set(second.words) - set(first.words))))


def _masking(command: tuple[str, ...]) -> list[str]:
    found = []
    for number, word in enumerate(command):
        after = command[number + 1] if number + 1 < len(command) else ""
        if (
            word == "||"
            or (word == "if" and after in _ASKING)
            or (word == ";" and after in _HARMLESS)
            or (word in ("|", "|&") and after in _SWALLOWING and _ENDS.isdisjoint(command[number + 1 :]))
            or (word in ("2>", "&>", "2>>") and after in _NULL)
        ):
            found.append(word)
    return found
