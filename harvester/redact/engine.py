"""The redactor: finds secrets by rule and replaces them by markers; fast on the many texts that hold none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from soma.identity import digest
from soma.text import Clipped

from . import blocks, context, headers
from .cut import MARGIN, UNSEEN_TAIL, Piece, cut, cut_plain, size, within
from .look import Look
from .rules import EMAIL, PHONE, SIGNED, TOKENS, URLS, Rule, Span
from .screen import Screen
from .values import redacted_value

_MARKER = re.compile(r"(\[REDACTED:[a-z0-9-]{1,24}:[0-9a-f]{4}\])")
_OPENING = "[REDACTED:"
_SHORTEST = 6
_SCANS = 12
"""A text is searched again where a marker was set, in all at most so many times its length."""

_MANY = 8 * 1024
"""So many characters of short texts an engine that is quick to begin looks at as quickly as Python does."""

_BETWEEN_NAMES = re.compile(rf"([/\\]|{_MARKER.pattern[1:-1]})")
_PART_OF_A_NAME = re.compile(r"[-_.](?=[A-Za-z0-9])")
_PARTS_TRIED = 24

_WORD_BYTES = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_WORD_CLASS = bytes(0x61 if byte in _WORD_BYTES else 0x20 for byte in range(256))
_LONG_WORD = b"a" * 20
"""Every secret with a shape of its own holds 20 word characters in a row; two passes of native code tell."""

_LONG_WORDS = re.compile(r"[A-Za-z0-9_-]{20,}")
_WORD_HINT = re.compile(r"[A-Za-z0-9_-]+\Z")
_HINTED = [(hint, rule.find) for rule in (*TOKENS, SIGNED) for hint in rule.hints]
_IN_WORDS = [(hint, find) for hint, find in _HINTED if _WORD_HINT.match(hint)]
_AROUND_WORDS = [(hint, find) for hint, find in _HINTED if not _WORD_HINT.match(hint)]
_URL_FINDERS = [rule.find for rule in URLS]
_PRIVATE_KEYS, _URLS, _NAMES, _HEADERS, _COMMANDS, _PERSONAL, _SHAPES = map(
    int, (Look.PRIVATE_KEYS, Look.URLS, Look.NAMES, Look.HEADERS, Look.COMMANDS, Look.PERSONAL, Look.SHAPES)
)
_IN_ANY_CASE = _NAMES | _HEADERS


class Redactor:
    """Replaces secrets by ``[REDACTED:<kind>:<4 hex>]``, the same secret always by the same four digits.

    Args:
        key: Secret key of the vault, 16 to 64 bytes; the fingerprints in the markers cannot be tested without it.
        emails: Also redact e-mail addresses.
        phones: Also redact international telephone numbers.
        screen: Looks at many texts at once.

    Attributes:
        counts: Marks set since the last ``take_counts``, by kind.
    """

    def __init__(self, key: bytes, *, emails: bool = False, phones: bool = False, screen: Screen | None = None) -> None:
        self._key = key
        self._screen = screen or Screen(emails=emails, phones=phones)
        self._options: tuple[Rule, ...] = ((EMAIL,) if emails else ()) + ((PHONE,) if phones else ())
        self.counts: Counter[str] = Counter()

    def take_counts(self) -> Counter[str]:
        """The counts so far; they start again at nothing."""
        taken, self.counts = self.counts, Counter()
        return taken

    def text(self, value: str, look: Look = Look.ALL) -> str:
        """``value`` without secrets: the same object when none was found. Done twice it changes nothing more.

        ``look`` is how closely it needs to be looked at, as far as that is known.
        """
        finders = self._finders(value, look)
        if not finders:
            return value
        pieces = self._pieces(value, finders)
        if len(pieces) == 1 and pieces[0].text == value:
            return value
        return "".join([piece.text for piece in pieces])

    def value(self, value: Any, look: Look = Look.ALL) -> Any:
        """A JSON-like value without secrets in its texts and keys, and under names that say a secret follows."""
        return redacted_value(value, lambda text: self.text(text, look), self.mark)

    def path(self, value: str) -> str:
        """The path of a file without secrets.

        Names in a path are glued together from parts (``backup_<token>.jsonl``), where in running text a token stands
        alone: here every part of every name may begin one, and an ending may follow it.
        """
        return "".join([
            piece if index % 2 else self._file_name(piece)
            for index, piece in enumerate(_BETWEEN_NAMES.split(self.text(value)))
        ])  # fmt: skip

    def _file_name(self, name: str) -> str:
        if _LONG_WORDS.search(name) is None:
            return name
        parts = [0, *(found.end() for found in _PART_OF_A_NAME.finditer(name))][:_PARTS_TRIED]
        ends = [len(name), *(found.start() for found in reversed(list(_PART_OF_A_NAME.finditer(name))))][:_PARTS_TRIED]
        for start in parts:
            for end in ends:
                if end - start >= _SHORTEST and (redacted := self._token(name[start:end])) is not None:
                    return name[:start] + redacted + self._file_name(name[end:])
        return name

    def _token(self, text: str) -> str | None:
        """The mark of a text that begins with a token, and what stands behind it; ``None`` when it does not."""
        for find in _token_finders(text):
            for start, end, kind in find(text):
                if start == 0:
                    return self.mark(kind, text[:end]) + text[end:]
        return None

    def bounded(self, text: str, limit: int, look: Look = Look.ALL) -> str:
        """``text`` without secrets, at most ``limit`` UTF-8 bytes of it.

        More is looked at than is kept, so that a secret across the bound is seen whole; no marker is cut, and what was
        cut ends with ``…``.
        """
        if look is Look.NONE:
            return cut_plain(text, limit)
        window = text[: limit + MARGIN]
        finders = self._finders(window, look)
        is_cut = len(window) < len(text) or isinstance(text, Clipped)
        if not finders and not is_cut and size(window) <= limit:
            return text
        pieces = self._pieces(window, finders)
        kept = within(pieces, len(window) - UNSEEN_TAIL if is_cut else len(window))
        whole = not is_cut and sum(size(piece.text) for piece in kept) <= limit
        return "".join([piece.text for piece in kept]) if whole else cut(kept, limit)

    def are_plain(self, texts: Sequence[str]) -> bool:
        """Whether none of these short texts, nor any part of one, can hold a secret; ``False`` says nothing."""
        if self._looks_quickly(texts):
            return not any(self.looks(texts))
        return not self._finders("\n".join(texts), Look.ALL)

    def suspects(self, texts: Sequence[str]) -> list[int]:
        """Places of short texts that may hold a secret, as random ids often seem to."""
        if self._looks_quickly(texts):
            return [place for place, look in enumerate(self.looks(texts)) if look is not Look.NONE]
        return list(self._halved(texts, 0))

    def _looks_quickly(self, texts: Sequence[str]) -> bool:
        return self._screen.is_quick and sum(map(len, texts)) > _MANY

    def _halved(self, texts: Sequence[str], first: int) -> Iterator[int]:
        if not texts or not self._finders("\n".join(texts), Look.ALL):
            return
        if len(texts) == 1:
            yield first
            return
        half = len(texts) // 2
        yield from self._halved(texts[:half], first)
        yield from self._halved(texts[half:], first + half)

    def looks(self, windows: Sequence[str]) -> list[Look]:
        """How closely each text has to be looked at; of one that will be bounded, its first ``limit + MARGIN`` tell."""
        return self._screen.looks(windows)

    def mark(self, kind: str, secret: str) -> str:
        """The marker of one secret, counted."""
        self.counts[kind] += 1
        return f"{_OPENING}{kind}:{digest(secret, key=self._key, size=2)}]"

    def _finders(self, text: str, look: Look) -> list[Callable[[str], Iterator[Span]]]:
        """What has to be looked for in ``text``: nothing, for nearly all texts."""
        if look is Look.NONE or len(text) < _SHORTEST:
            return []
        # A flag takes ten times as long to ask as a number does, and every text passes here.
        may = int(look)
        finders: list[Callable[[str], Iterator[Span]]] = []
        if may & _PRIVATE_KEYS and blocks.HINT in text:
            finders.append(blocks.private_keys)
        if may & _SHAPES and _LONG_WORD in text.encode("utf-8", "replace").translate(_WORD_CLASS):
            finders += _token_finders(text)
        if may & _URLS and "@" in text and "://" in text:
            finders += _URL_FINDERS
        lower = text.lower() if may & _IN_ANY_CASE else ""
        if may & _HEADERS and "cookie" in lower:
            finders.append(headers.cookies)
        if may & _NAMES:
            # A plain loop: half the time of any() over a generator.
            for hint in context.NAME_HINTS:
                if hint in lower:
                    finders.append(context.after_names)
                    break
        if may & _HEADERS:
            if "bearer" in lower or "authorization" in lower:
                finders.append(headers.authorizations)
            if "sess" in lower and any(hint in lower for hint in headers.SESSION_HINTS):
                finders.append(headers.sessions)
        if may & _COMMANDS and " -" in text and headers.SHORT_OPTION(text):
            finders.append(headers.commands)
        if may & _PERSONAL and self._options:
            finders += [rule.find for rule in self._options if any(hint in text for hint in rule.hints)]
        return finders

    def _pieces(self, text: str, finders: list[Callable[[str], Iterator[Span]]]) -> list[Piece]:
        """``text`` as what stays and what is marked; what stays is searched again until nothing is found."""
        done: list[Piece] = []
        budget = _SCANS * len(text) + 64 * 1024
        parts = _MARKER.split(text) if _OPENING in text else [text]
        waiting = [Piece(part, bool(index % 2), len(part)) for index, part in enumerate(parts) if part][::-1]
        while waiting:
            piece = waiting.pop()
            if piece.is_marker or budget < 0:
                done.append(piece)
                continue
            budget -= len(piece.text)
            for find in finders:
                spans = sorted(find(piece.text))
                if spans:
                    waiting += self._split(piece.text, spans)[::-1]
                    break
            else:
                done.append(piece)
        return done

    def _split(self, text: str, spans: list[Span]) -> list[Piece]:
        pieces: list[Piece] = []
        at = 0
        for start, end, kind in spans:
            if start < at or start >= end:
                continue
            if start > at:
                pieces.append(Piece(text[at:start], False, start - at))
            pieces.append(Piece(self.mark(kind, text[start:end]), True, end - start))
            at = end
        if at < len(text):
            pieces.append(Piece(text[at:], False, len(text) - at))
        return pieces


def _token_finders(text: str) -> list[Callable[[str], Iterator[Span]]]:
    """The rules whose hint is in ``text``; most hints are parts of long words, so only those are searched for them."""
    words = " ".join(_LONG_WORDS.findall(text))
    finders = [find for hint, find in _IN_WORDS if hint in words]
    finders += [find for hint, find in _AROUND_WORDS if hint in text]
    return list(dict.fromkeys(finders)) if len(finders) > 1 else finders
