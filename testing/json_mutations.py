"""Changes of the values inside JSON: any field may come as anything, anywhere, any number of times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from soma import codec

from .draw import Draw

CANARY = "canary-5f3a9c"
"""A text that mutants carry where an adapter does not expect it: no reason of a damage may repeat it."""

_STOP = 0.12
_MANY = 24
_LONG = 40_000
_MARK = b'"@raw token@"'
# What no JSON encoder would write is put in afterwards, in the place of the mark.
_RAW = (
    b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"1E400", b"9" * 400, b"9" * 5000, b"-" + b"9" * 30,
    b"0.1e-999", b'"\\ud800"', b'"\\udfff\\ud800 x"', b'"a\\u0000b"', b'"\xff\xfe"', b'"\xed\xa0\x80"', b'"\x01\x1f"',
    b"01", b"tru", b"", b"[" * 900 + b"]" * 900, b"[" * 5000 + b"]" * 5000, b'{"a":' * 900 + b"1" + b"}" * 900,
    b'{"a":' * 5000 + b"1" + b"}" * 5000, b'{"type":"x","type":1,"id":null,"id":[]}',
)  # fmt: skip
_ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 1.5, -0.0, 1e300, -1e300, 2**31, 2**53 + 1, 2**63, 2**64 - 1, -(2**63), 10**15,
    1_700_000_000, "", " ", "0", "-1", "1e999", "null", "x", "../../etc/passwd", "<script>", "'; DROP TABLE x; --",
    "\x00", "\n", "2026-13-45T99:99:99Z", "2026-03-21T09:30:00", "9999-12-31T23:59:59Z", "{", "[]", '{"a": [1]}', '"',
    "\u202e", "é" * 300, [], [[]], [None], [1, "a", {}], {}, {"": None}, {"type": 1}, {"type": "text"}, {"text": []},
    {"id": {}}, {"role": []}, {"content": [[{}]]}, [{"type": "text", "text": None}], CANARY, [CANARY], {CANARY: CANARY},
)  # fmt: skip


def change_json(data: bytes, draw: Draw) -> tuple[bytes, str] | None:
    """One value in one line of the file, or in the file as a whole, changed; ``None`` when that is no JSON.

    Returns:
        The changed file, and what was changed where.
    """
    lines = data.split(b"\n")
    if len(lines) > 1 and lines[0].lstrip()[:1] == b"{" and lines[0].rstrip()[-1:] == b"}":
        at = draw.randrange(len(lines))
        changed = _changed(lines[at], lines[draw.randrange(len(lines))], draw)
        if changed is None:
            return None
        lines[at] = changed[0]
        return b"\n".join(lines), changed[1]
    return _changed(data, data, draw)


def thinned(data: bytes, draw: Draw) -> bytes:
    """A JSON document with only some of the items of its long lists and objects; any other file as it is."""
    try:
        return msgspec.json.encode(_some(codec.decode(data), draw))
    except (codec.Undecodable, UnicodeEncodeError, RecursionError, msgspec.MsgspecError, OverflowError):
        return data


def _some(value: Any, draw: Draw) -> Any:
    if isinstance(value, dict):
        # Objects with many names are tables by some key; others are records.
        names = list(value)
        return {names[at]: _some(value[names[at]], draw) for at in _places(len(names), draw)}
    if isinstance(value, list):
        return [_some(value[at], draw) for at in _places(len(value), draw)]
    return value


def _places(count: int, draw: Draw) -> Sequence[int]:
    return range(count) if count <= _MANY else sorted(draw.sample(range(count), draw.randint(1, _MANY)))


def _changed(text: bytes, donor: bytes, draw: Draw) -> tuple[bytes, str] | None:
    try:
        root = [codec.decode(text)]
        path = _walk(root, draw)
        change = _Change(root, path, draw, donor)
        name = draw.choices(_NAMES, _WEIGHTS)[0]
        getattr(change, name)()
        written = msgspec.json.encode(root)[1:-1]
    except (codec.Undecodable, UnicodeEncodeError, RecursionError, msgspec.MsgspecError, OverflowError):
        return None
    if change.token is not None:
        written = written.replace(_MARK, change.token, 1)
    where = "/".join(str(key) for key in path if isinstance(key, str))[:60]
    return written, f"{name} {where or 'at the top'}"


def _walk(value: Any, draw: Draw) -> list[Any]:
    """The way to some value inside ``value``, from the outside in."""
    path: list[Any] = []
    while isinstance(value, dict | list) and value and (len(path) < 2 or draw.random() > _STOP):
        key = draw.choice(list(value)) if isinstance(value, dict) else draw.randrange(len(value))
        path.append(key)
        value = value[key]
    return path


class _Change:
    """One place in a JSON value, and what can be done to it."""

    def __init__(self, root: list[Any], path: list[Any], draw: Draw, donor: bytes) -> None:
        self.token: bytes | None = None
        self._draw = draw
        self._donor = donor
        self._holder: Any = root
        for key in path[:-1]:
            self._holder = self._holder[key]
        self._key = path[-1]
        self._value = self._holder[self._key]

    def odd(self) -> None:
        self._holder[self._key] = self._draw.choice(_ODD)

    def raw(self) -> None:
        self._holder[self._key] = _MARK[1:-1].decode()
        self.token = self._draw.choice(_RAW)

    def gone(self) -> None:
        del self._holder[self._key]

    def renamed(self) -> None:
        if isinstance(self._holder, dict):
            del self._holder[self._key]
            names = [*self._holder, "", "id", "type", CANARY, str(self._key).upper()]
            self._holder[self._draw.choice(names)] = self._value

    def doubled(self) -> None:
        if isinstance(self._holder, list):
            self._holder.insert(self._draw.randint(0, len(self._holder)), self._value)
        else:
            self._holder[self._key] = [self._value, self._value]

    def wrapped(self) -> None:
        forms = ([self._value], {"value": self._value}, {str(self._key): self._value})
        self._holder[self._key] = self._draw.choice(forms)

    def written(self) -> None:
        self._holder[self._key] = codec.encode(self._value)

    def grafted(self) -> None:
        value = codec.decode(self._donor)
        for key in _walk(value, self._draw):
            value = value[key]
        self._holder[self._key] = value

    def swapped(self) -> None:
        holder = self._holder
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        other = self._draw.choice(keys)
        holder[self._key], holder[other] = holder[other], holder[self._key]

    def deep(self) -> None:
        value = self._value
        for _ in range(self._draw.choice((3, 60, 400))):
            value = [value] if self._draw.random() < 0.5 else {str(self._key): value}
        self._holder[self._key] = value

    def long(self) -> None:
        if isinstance(self._value, dict | list):
            size = len(codec.encode(self._value))
            self._holder[self._key] = [self._value] * min(200, 2 + _LONG // size)
        else:
            text = f"{self._value} "
            self._holder[self._key] = text * (1 + _LONG // len(text))

    def tweaked(self) -> None:
        value, draw = self._value, self._draw
        if isinstance(value, bool):
            self._holder[self._key] = not value
        elif isinstance(value, int | float):
            self._holder[self._key] = draw.choice((-value, value * 1000, value / 1000, str(value), value + 0.5, -1, 0))
        elif isinstance(value, str):
            left, right = value[: (cut := draw.randint(0, len(value)))], value[cut:]
            self._holder[self._key] = draw.choice(
                (left, right, f"{left}\x00{right}", value.upper(), f"{value} ", [value])
            )
        elif isinstance(value, dict | list):
            items: list[Any] = list(value.items()) if isinstance(value, dict) else list(value)
            draw.shuffle(items)
            kept = items[: draw.randint(0, len(items))]
            self._holder[self._key] = dict(kept) if isinstance(value, dict) else kept


_CHANGES = {
    "odd": 6, "raw": 4, "gone": 2, "renamed": 2, "doubled": 2, "wrapped": 2, "written": 2, "grafted": 5, "swapped": 2,
    "deep": 1, "long": 1, "tweaked": 4,
}  # fmt: skip
_NAMES, _WEIGHTS = tuple(_CHANGES), tuple(_CHANGES.values())
