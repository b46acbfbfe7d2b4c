"""A request freed from what changes between two attempts at it: ids, dates, numbers, paths."""

from __future__ import annotations

import re
import unicodedata

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
# Order matters: what is longer and more telling is taken before its parts. Every alternative is linear in the text.
_CHANGING = re.compile(
    r"(?P<redacted>\[redacted[^\]\s]{0,80}\])"
    r"|(?P<url>\bhttps?://[^\s\"'<>]+)"
    r"|(?P<email>\b[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+)"
    r"|(?P<uuid>\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b)"
    r"|(?P<date>\b[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[t ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:z|[+-][0-9]{2}:?[0-9]{2})?)?"
    r"|\b[0-9]{1,4}[/.][0-9]{1,2}[/.][0-9]{1,4}\b"
    rf"|\b[0-9]{{1,2}}(?:st|nd|rd|th)?\s{_MONTH}(?:,?\s[0-9]{{4}})?\b"
    rf"|\b{_MONTH}\s[0-9]{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s[0-9]{{4}}\b)?"
    rf"|\b{_MONTH},?\s[0-9]{{4}}\b"
    r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b"
    r"|\b[0-9]{4}-?w[0-9]{2}\b|\bq[1-4][\s/-]?[0-9]{4}\b|\b[0-9]{4}[\s/-]?q[1-4]\b"
    r"|\b[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:\s?[ap]m)?\b)"
    r"|(?P<path>(?<![\w<])(?:~|\.{1,2}|[a-z]:)?[/\\][\w.@%+~-]+(?:[/\\][\w.@%+~-]*)*"
    r"|(?<![\w/])[\w.-]{1,100}(?:/[\w.-]{1,100})+/?[\w-]{0,100}\.[a-z0-9]{1,6}\b)"
    r"|(?P<id>(?P<quote>[\"'`])(?=[\w./#:-]*[0-9_/#:-])[\w./#:-]{1,100}(?P=quote)"
    r"|#[0-9]+\b|\b(?=[a-z_-]{0,64}[0-9])(?=[0-9_-]{0,64}[a-z])[a-z0-9]{1,64}(?:[_-][a-z0-9]{1,64}){1,32}\b"
    r"|\b(?=[a-f]*[0-9])[0-9a-f]{7,64}\b|\b(?=[a-z]*[0-9])(?=[0-9]*[a-z])[a-z0-9]{8,64}\b)"
    r"|(?P<n>(?<![\w.])[+-]?[0-9][0-9,_.]*(?:e[+-]?[0-9]+)?%?)",
)
_AS_WRITTEN = re.compile(_CHANGING.pattern, re.IGNORECASE)
_WORDS = re.compile(r"<?[^\W_]+>?")
_PLACEHOLDERS = {
    "redacted": "<redacted>", "url": "<url>", "email": "<email>", "uuid": "<id>", "date": "<date>", "path": "<path>",
    "id": "<id>",
}  # fmt: skip
_LEAST_WORDS, _LEAST_LETTERS = 2, 8
_CUT_FROM = 2000


def normalised(text: str) -> str:
    """``text`` in one case and spacing, with placeholders such as ``<id>`` where attempts at one task differ.

    Empty when too little is left to know a task by ("yes", "continue", a bare path).
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    reduced = " ".join(_CHANGING.sub(_placeholder, folded).split()).strip(" .!?…")
    meaning = [word for word in words(reduced) if not word.startswith("<")]
    telling = len(meaning) >= _LEAST_WORDS and sum(map(len, meaning)) >= _LEAST_LETTERS
    return reduced if telling else ""


def displayed(text: str) -> str:
    """The same with the case of ``text`` kept, to be read by a person."""
    shown = _AS_WRITTEN.sub(_placeholder, unicodedata.normalize("NFKC", text))
    return " ".join(shown.split()).strip(" .!?…")


def is_cut(text: str) -> bool:
    """Whether the vault holds only the beginning of the request: texts of more than 2 KiB end in ``…``."""
    return text.endswith("…") and len(text.encode(errors="replace")) > _CUT_FROM


def words(text: str) -> list[str]:
    """The words and placeholders of a normalised text, in order."""
    return _WORDS.findall(text)


def _placeholder(match: re.Match[str]) -> str:
    # "quote" is named only so that the closing sign can match it: the group that closed last is the kind.
    return _PLACEHOLDERS.get(match.lastgroup or "", "<n>")
