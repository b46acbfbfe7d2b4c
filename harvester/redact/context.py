"""Secrets known by the name before them: ``PGPASSWORD=x``, ``"api_key": "x"``, ``--token x``, ``<secret>x</secret>``.

The words that such names hold are looked for by plain search; only where one stands does a pattern look closer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .entropy import has_space, is_password, is_placeholder, is_secret
from .keys import SecretName, secret_name
from .rules import Span

NAME_HINTS = ("pass", "pwd", "secret", "token", "key", "auth", "cred")
"""In lower case: a text without any of these holds no name that says a secret follows."""

_MAX_VALUE = 2048
_MAX_RETRIES = 4096
_LONGEST_BEFORE = 40
_NAME_CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
_ANNOTATION = r"(?::\s?(?:&?'?\w{1,12}\s)?(?:str|String|string|bytes|SecretStr|Optional\[str\]|str\s\|\sNone)\s?=)"
_REST = re.compile(r"[A-Za-z0-9_-]{0,32}")
_ASSIGNS = re.compile(
    rf"""(?P<close>\\{{0,7}}["']?\]?)[ \t]{{0,4}}(?P<sep>:=|=>|{_ANNOTATION}|=(?!=)|:(?!:))(?P<gap>[ \t]{{0,4}})"""
)
_IS_FOLLOWED = re.compile(r"""[ \t]{1,4}(?![-|&;<>])|\\{0,3}["'],[ \t]{0,2}(?=\\{0,3}["'](?!-))|=""")
_BEHIND_A_NAME = frozenset("\\\"'] \t:=>")
"""What each of ``_ASSIGNS``, ``_IS_FOLLOWED`` and ``_ELEMENT`` begins with."""
_VALUE = re.compile(
    rf"""(?x)(?:[fbruFBRU]{{1,2}}(?=["']))?
    (?: (?P<quote>\\{{1,7}}["'])(?P<escaped>(?:(?!(?P=quote))[^\n]){{1,{_MAX_VALUE}}})
      | "(?P<double>(?:[^"\\\n]|\\.){{1,{_MAX_VALUE}}})
      | '(?P<single>(?:[^'\\\n]|\\.){{1,{_MAX_VALUE}}})
      | `(?P<tick>[^`\n]{{1,{_MAX_VALUE}}})
      | (?P<bare>[^\s"'`,;&|<>(){{}}\[\]\\]{{1,{_MAX_VALUE}}}) )"""
)
_ELEMENT = re.compile(r">(?P<bare>[^<>\s]{3,1024})</")
_SPACE = r"[\x00-\x20\x{80}-\x{10FFFF}]"
_LAST_WORD = (
    r"(?:pass(?:word|wd|phrase|code)?|pwd|pw|secret|token|authorization|cookies?|credentials?|auth"
    r"|(?:api|access|secret|private|signing|encryption|auth|account|master|shared|service|license|sas)[._-]*keys?"
    r"|secret[A-Za-z0-9._-]*key)"
    r"(?:[_-]*(?:[0-9]+|value|text|string|prod|production|dev|development|live|test|staging|b64|base64|raw))*[_-]*"
)
_NOT_BARE = r""" \t\n\r\f\v"'`,;&|<>(){}\[\]\\"""
_ANY_QUOTED = r"""[ \t]*[fbru]{0,2}(?:\\+["'][^\n]{3}|"(?:[^"\\\n]|\\.){2}|'(?:[^'\\\n]|\\.){2}|`[^`\n]{3})"""
_ANY_BARE = rf"[^{_NOT_BARE}]{{3}}"
_ANY_LOOSE = rf"(?:[a-zſ\x{{212A}}_]{{8}}|[a-z_]*[^a-z_{_NOT_BARE}])"
"""What is bare and not right behind ``=``: of letters alone it is no password, and if short no other secret either."""
_ANY_VALUE = rf"(?:[ \t]*{_ANY_BARE}|{_ANY_QUOTED})"
_ANY_ANNOTATION = (
    rf":[\x00-\x20\x{{80}}-\x{{10FFFF}}&'0-9A-Za-z_]*(?:str|string|bytes|optional\[str\])"
    rf"(?:{_SPACE}\|{_SPACE}none)?{_SPACE}?="
)
SCREEN = (
    rf"""(?i:{_LAST_WORD}(?:\\*["']?\]?[ \t]*(?:=(?:{_ANY_BARE}|[ \t]+{_ANY_LOOSE}|{_ANY_QUOTED})"""
    rf"""|(?:=>|:=?)(?:[ \t]*{_ANY_LOOSE}|{_ANY_QUOTED})|{_ANY_ANNOTATION})"""
    rf"""|\\*["'],{_ANY_VALUE}|>[^<>]{{3}})|-[A-Za-z0-9_.-]*{_LAST_WORD}[ \t]+{_ANY_VALUE})"""
)
"""Matches, in RE2's syntax, wherever ``after_names`` finds something.

A name means something by its last word (see ``secret_name``); no value of less than three characters is a secret.
"""

_PROSE = frozenset(
    str.split(
        "option options flag is and or to with for argument arguments parameter value from via when if in must prompt "
        "using as file stdin the a an be are was of on not that this it"
    )
)


def after_names(text: str) -> Iterator[Span]:
    """Values behind a name that says a secret follows: assigned, as a member, as an option's value, as an element."""
    reached = retries = 0
    for start, end in _names(text):
        # Behind nearly all such words stands what no value follows: looked at first, for it is the least to look at.
        if start < reached or text[end : end + 1] not in _BEHIND_A_NAME:
            continue
        before = max(0, start - _LONGEST_BEFORE)
        first = before + len(text[before:start].rstrip(_NAME_CHARS))
        name = text[first:end]
        known = secret_name(name)
        if known is None:
            continue
        value = _value(text, first, end, name, known)
        if value is None:
            continue
        is_it, span = value
        if is_it:
            yield *span, known.kind
        elif retries < _MAX_RETRIES:
            # What was taken for a value may hold a name and its secret itself.
            retries += 1
            continue
        reached = span[1]


def _names(text: str) -> list[tuple[int, int]]:
    """Where a word of ``NAME_HINTS`` stands, and where the name that holds it ends."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = re.sub("[A-Z]+", lambda found: found[0].lower(), text)
    found: list[tuple[int, int]] = []
    for hint in NAME_HINTS:
        at = lower.find(hint)
        while at >= 0:
            rest = _REST.match(text, at)
            end = rest.end() if rest else at
            found.append((at, end))
            at = lower.find(hint, max(end, at + 1))
    found.sort()
    return found


def _value(text: str, first: int, end: int, name: str, known: SecretName) -> tuple[bool, tuple[int, int]] | None:
    """Whether a secret follows the name that ends at ``end``, and where the value stands; ``None`` without a value."""
    if first and text[first - 1] == "<" and (element := _ELEMENT.match(text, end)):
        return named(known, element["bare"]), element.span("bare")
    assigns = _ASSIGNS.match(text, end)
    if assigns:
        found = _VALUE.match(text, assigns.end())
    elif name.startswith("-") and (follows := _IS_FOLLOWED.match(text, end)):
        found = _VALUE.match(text, follows.end())
    else:
        return None
    if found is None:
        return None
    group = found.lastgroup or "bare"
    span = found.span(group)
    value, bare = text[span[0] : span[1]], group == "bare"
    if group in ("single", "double") and value[0] in ",);" and text[span[1] : span[1] + 1] not in ("'", '"'):
        # The quote closes the text that the name ends, as in ``getpass(prompt='Password: ', stream=None)``.
        return False, span
    if bare and text[span[1] : span[1] + 1] in ("(", "[", "{"):
        return False, span
    if assigns and not bare and assigns["close"].endswith(('"', "'")) and assigns["sep"] == ":":
        return named(known, value), span
    if known.strength != "password":
        return is_secret(value), span
    if assigns is None and value.lower() in _PROSE:
        return False, span
    tight = assigns is None or (assigns["sep"] == "=" and not assigns["gap"])
    return is_password(value, quoted=not bare, tight=tight), span


def named(known: SecretName, value: str) -> bool:
    """Whether the value of a member with this name is a secret: any, unless it is a placeholder or prose."""
    if known.strength == "weak":
        return is_secret(value)
    if len(value) < 3 or is_placeholder(value):
        return False
    if known.strength == "password":
        return len(value) <= 512
    return not has_space(value)


def follows_option(option: str, value: str) -> str | None:
    """The kind of secret that ``value`` is when it stands behind ``option`` in a list of arguments."""
    known = secret_name(option) if option.startswith("--") and not value.startswith("-") else None
    if known is None:
        return None
    if known.strength == "password":
        return known.kind if is_password(value, quoted=False, tight=True) else None
    return known.kind if is_secret(value) else None
