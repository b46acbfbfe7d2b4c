"""What really changed between a call that failed and the one that went well: short words, and a key to count by."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from soma.action import names
from soma.synthesizer.wording import plain

from .call import Call, call_of
from .intent import is_command
from .model import Step, Way

FIX_CHARS = 300
"""The longest fix: never a whole file."""
MOST_WORDS = 8
MOST_CHARS = 240
MOST_PLACES = 3
"""A text in which more words, characters or places changed was written anew; what of it helped cannot be said."""
MOST_STEPS = 3
"""After more steps in between it cannot be said what helped."""
_PIECE = 60
_LONG = 80
_LOOKING = re.compile(
    r"exec:(?:ls|cat|head|tail|grep|rg|find|which|pwd|wc|echo|stat|file|tree|du|df|ps|env|printenv|type|date|less|nl|sleep)\Z"
)
_LOOKING_GIT = re.compile(r"git (?:-C \S+ )?(?:status|log|diff|show|branch|remote)\b")
_EDITED = (("old_string", "new_string"), ("oldText", "newText"), ("old_str", "new_str"))
_PATH = re.compile(r"[^\s]*/[^\s]*")
_DIGITS = re.compile(r"[0-9]+")
_TEXTS = frozenset(
    names.words("old_string new_string oldText newText old_str new_str content file_text new_source patch diff")
)
_ANEW = "written anew"
_CONSTANT = frozenset({"true", "false", "null"})


class Fix(msgspec.Struct, frozen=True):
    """What was different the second time; ``key`` is equal for fixes that count as one."""

    way: Way
    words: str
    key: str


def fix_of(failed: Step, later: Step, between: Sequence[Step]) -> Fix | None:
    """The fix ``later`` is, given what went well ``between`` the two; ``None`` when it has no short name."""
    first, second = called(failed), called(later)
    steps = [step for step in between if _matters(step, failed, first, second)]
    if len(steps) > MOST_STEPS:
        return None
    changes = _changes(failed, first, later, second)
    if changes is None:
        return None
    if failed.tool != later.tool or (is_command(failed) and failed.action != later.action):
        name = later.action if later.role == "shell" else later.tool
        changes.insert(0, (f"use {plain(name, _PIECE)} instead", f"tool {name}"))
    before = [_step(step) for step in steps]
    if changes and not before and all(word.endswith(_ANEW) for word, _ in changes):
        return None
    words = " · ".join(word for word, _ in changes) if changes else "the same call again"
    if before:
        words = f"first {', '.join(word for word, _ in before)}; then {words}"
    way: Way = "after" if before else "again"
    if changes:
        way = "other tool" if changes[0][1].startswith("tool ") else "changed"
    return Fix(
        way, plain(words, FIX_CHARS), "\n".join((way, *(key for _, key in before), "", *(k for _, k in changes)))
    )


def called(step: Step) -> Call:
    """What a step was called with."""
    return call_of(step.arguments, is_command(step))


def _matters(step: Step, failed: Step, first: Call, second: Call) -> bool:
    """Whether a step in between can have made the difference."""
    path = called(step).path
    if first.path and not is_command(failed):
        return path in (first.path, second.path) and step.role in ("read", "edit", "write", "search")
    if is_command(failed):
        if step.role in ("edit", "write"):
            return True
        acts = is_command(step) and bool(called(step).words) and not _LOOKING.match(step.action)
        return acts and not _looks(called(step))
    unchanged = (first.words, first.fields) == (second.words, second.fields)
    return unchanged and step.role in ("edit", "write", "shell", "other")


def _looks(call: Call) -> bool:
    return bool(_LOOKING_GIT.match(" ".join(call.words[:4])))


def _step(step: Step) -> tuple[str, str]:
    call = called(step)
    key = f"{step.role} {step.action}"
    if step.role == "shell":
        return f"run {_short(' '.join(call.words))}", f"{key} {_masked(' '.join(call.words[:4]))}"
    if call.path and step.role in ("read", "edit", "write"):
        name = plain(call.path.rstrip("/").rpartition("/")[2], _PIECE)
        pair = next(
            ((call.fields[a], call.fields[b]) for a, b in _EDITED if a in call.fields and b in call.fields), None
        )
        changed = f" ({hunks[0][0]})" if pair and (hunks := _hunks(*map(_split, pair))) else ""
        return f"{step.role} {name}{changed}", f"{step.role} {_extension(name)}"
    said = next((value for name, value in call.fields.items() if name in ("command", "action", "query")), "")
    return f"call {plain(step.tool, _PIECE)}{f' ({_short(said)})' if said else ''}", key


def _extension(name: str) -> str:
    return name.rpartition(".")[2] if "." in name else name


def _changes(failed: Step, first: Call, later: Step, second: Call) -> list[tuple[str, str]] | None:
    """Each change with its key; ``None`` when the command was written anew."""
    changes: list[tuple[str, str]] = []
    if first.words != second.words:
        hunks = _hunks(first.words, second.words)
        if hunks is None:
            return None
        changes += hunks
    if failed.tool == later.tool:
        differing = []
        texts = []
        for name in first.fields.keys() | second.fields.keys():
            old, new = first.fields.get(name), second.fields.get(name)
            if old != new:
                # What tells most comes first: the file, then short values, then long texts.
                is_path = bool(first.path) and first.path == old
                if name.rpartition(".")[2] in _TEXTS:
                    texts.append((name.rpartition(".")[2].startswith("new"), name, old or "", new or ""))
                    continue
                rank = 0 if is_path else 1 + (len(old or "") > _LONG or len(new or "") > _LONG)
                differing.append((rank, name, _field(name, old, new, is_path=is_path)))
        changes += [change for *_, change in sorted(differing)]
        changes += [_text(name, old, new) for _, name, old, new in sorted(texts)[:1]]
    return changes


def _hunks(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, str]] | None:
    """The places in which two lists of words differ (longest common subsequence), each in words and as a key."""
    found: list[tuple[str, str]] = []
    words_changed = chars_changed = 0
    for low, high, start, end in _differing(before, after):
        old, new = " ".join(before[low:high]), " ".join(after[start:end])
        words_changed += max(high - low, end - start)
        chars_changed += max(len(old), len(new))
        if words_changed > MOST_WORDS or chars_changed > MOST_CHARS or len(found) == MOST_PLACES:
            return None
        behind = before[low - 1] if low and before[low - 1].startswith("-") else ""
        near = f" after {_short(behind)}" if behind else ""
        if not old:
            words = f"add {_short(new)}{near}"
        elif not new:
            words = f"leave out {_short(old)}{near}"
        else:
            words = f"{_short(old)} → {_short(new)}{near}"
        found.append((words, f"{behind} {_replaced(old, new)}"))
    return found


def _differing(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int, int, int]]:
    from rapidfuzz.distance import Indel

    places: list[tuple[int, int, int, int]] = []
    for change in Indel.opcodes(before, after):
        if change.tag == "equal":
            continue
        low, high, start, end = change.src_start, change.src_end, change.dest_start, change.dest_end
        if places and places[-1][1] == low and places[-1][3] == start:
            places[-1] = (places[-1][0], high, places[-1][2], end)
        else:
            places.append((low, high, start, end))
    return places


def _field(name: str, old: str | None, new: str | None, *, is_path: bool) -> tuple[str, str]:
    """One argument that is not what it was; values of free text count as one change, whatever they say."""
    shown = plain(name, _PIECE)
    if old is None:
        return f"give {shown}: {_short(new or '')}", f"give {name} {_kind(new)}"
    if new is None:
        return f"leave out {shown}", f"without {name}"
    if is_path:
        return f"{shown}: {_tail(old)} → {_tail(new)}", f"path {_path_change(old, new)}"
    if old.startswith("[") and new.startswith("[") and (items := _hunks(_items(old), _items(new))):
        return f"{shown}: {', '.join(word for word, _ in items)}", f"change {name} {_kind(old)} {_kind(new)}"
    if len(old) > _LONG or len(new) > _LONG or "\n" in old + new:
        return _text(name, old, new)
    return (
        f"{shown}: {_short(old) or 'nothing'} → {_short(new) or 'nothing'}",
        f"change {name} {_kind(old)} {_kind(new)}",
    )


def _text(name: str, old: str, new: str) -> tuple[str, str]:
    """Of a long text that is not what it was, the first places; whatever they say, it counts as one change."""
    hunks = _hunks(_split(old), _split(new))
    told = ", ".join(word for word, _ in hunks[:2]) if hunks else _ANEW
    return f"{plain(name, _PIECE)}: {told}", "change text"


def _kind(value: str | None) -> str:
    return value if value in _CONSTANT else "empty" if value in ("", "[]", "{}") else ""


def _path_change(old: str, new: str) -> str:
    folder, _, name = old.rpartition("/")
    other_folder, _, other = new.rpartition("/")
    if old.casefold() == new.casefold():
        return "case"
    return "folder" if name == other else "name" if folder == other_folder else "folder and name"


def _tail(path: str) -> str:
    """The end of a path: what tells it apart."""
    return _short(path) if len(path) <= _PIECE else f"…{plain(path[-_PIECE:], _PIECE)}"


def _items(text: str) -> list[str]:
    return [item.strip().strip('"') for item in text.strip("[]").split(",")][:400]


def _split(text: str) -> list[str]:
    return text.split()[:400]


def _short(text: str) -> str:
    return plain(text, _PIECE)


def _replaced(old: str, new: str) -> str:
    """Key of a replacement: of one path by another only how they lie to each other."""
    if " " not in old + new and "/" in old and "/" in new:
        if new.startswith(f"{old.rstrip('/')}/"):
            return "path into"
        return "path out" if old.startswith(f"{new.rstrip('/')}/") else f"path {_path_change(old, new)}"
    return f"{_masked(old)} > {_masked(new)}"


def _masked(text: str) -> str:
    """Words without what differs from one use to the next: paths and numbers."""
    return _DIGITS.sub("0", _PATH.sub("<path>", text))[:200]
