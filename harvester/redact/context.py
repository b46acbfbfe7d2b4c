"""Secrets that are known by where they stand: behind a name, in a header, behind an option of a command."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator

from .entropy import is_password, is_placeholder, is_secret, of_words
from .keys import SecretName, secret_name
from .rules import Span

NAME_HINTS = ("pass", "pwd", "secret", "token", "key", "auth", "cred", "cookie", "bearer")
"""In lower case: a text without any of these has none of the names, headers and long options below."""

_MAX_VALUE = 2048
_MAX_RETRIES = 4096
_NAME_BEFORE = re.compile(r"[A-Za-z0-9_.-]{0,40}\Z")
_ANNOTATION = r"(?::\s?(?:&?'?\w{1,12}\s)?(?:str|String|string|bytes|SecretStr|Optional\[str\]|str\s\|\sNone)\s?=)"
_VALUE = rf"""
    (?:[fbruFBRU]{{1,2}}(?=["']))?
    (?: (?P<escaped_quote>\\{{1,7}}["'])(?P<escaped>(?:(?!(?P=escaped_quote))[^\n]){{1,{_MAX_VALUE}}})
      | "(?P<double>(?:[^"\\\n]|\\.){{1,{_MAX_VALUE}}})
      | '(?P<single>(?:[^'\\\n]|\\.){{1,{_MAX_VALUE}}})
      | `(?P<tick>[^`\n]{{1,{_MAX_VALUE}}})
      | (?P<bare>[^\s"'`,;&|<>(){{}}\[\]\\]{{1,{_MAX_VALUE}}}) )"""

_ASSIGNED = re.compile(
    rf"""(?P<word>pass|pwd|secret|token|key|auth|cred|cookie)(?P<rest>[A-Za-z0-9_]{{0,24}})
         (?P<close>\\{{0,7}}["']?\]?)[ \t]{{0,4}}(?P<sep>:=|=>|{_ANNOTATION}|=(?!=)|:(?!:))(?P<gap>[ \t]{{0,4}})"""
    + _VALUE,
    re.VERBOSE | re.IGNORECASE,
)
_ELEMENT = re.compile(r"<(?P<name>[A-Za-z][\w.:-]{0,60})>(?P<secret>[^<>\s]{3,1024})</")
_OPTION = re.compile(
    r"""(?<![\w-])--?(?P<name>[A-Za-z][A-Za-z0-9_-]{1,40})
        (?:[ \t]{1,4}|\\{0,3}["'],[ \t]{0,2}(?=\\{0,3}["']))(?![-|&;<>])"""
    + _VALUE,
    re.VERBOSE,
)
_SCHEMED = re.compile(r"""(?ix)\b(?P<scheme>bearer|basic)(?:[ \t]|%20){1,3}(?P<secret>[A-Za-z0-9._~+/=-]{8,4096})""")
_AUTHORIZATION = re.compile(
    r"""(?ix)authorization\\{0,7}["']?[ \t]{0,3}[:=][ \t]{0,3}\\{0,7}["']?
        (?:(?:token|apikey|api-key|key|bot|digest|negotiate|ntlm|hmac)[ \t]{1,3})?
        (?P<secret>(?!bearer\b|basic\b)[A-Za-z0-9._~+/=-]{8,4096})"""
)
_COOKIES = re.compile(r"""(?i)\bcookie\\{0,7}["']?[ \t]{0,3}[:=][ \t]{0,3}\\{0,7}["']?(?P<pairs>[^\n"'\\]{3,4096})""")
_COOKIE = re.compile(r"(?P<name>[\w.-]{1,64})=(?P<secret>[^;\s]{6,4096})")
_COOKIE_ATTRIBUTES = frozenset(("path", "domain", "expires", "max-age", "samesite", "version", "priority"))
_SESSION = re.compile(
    r"(?i)(?<![\w-])(?:session|sess|sessionid|sid|phpsessid|jsessionid|connect\.sid|asp\.net_sessionid)=(?P<secret>[^\s;&\"'\\,<>]{16,1024})"
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\Z", re.IGNORECASE)
_MYSQL = re.compile(
    r"\b(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\n|;&]{0,256}?\s-p(?P<secret>[^\s'\"|;&]{2,256}|'[^'\n]{2,256}'|\"[^\"\n]{2,256}\")"
)
_SHORT = re.compile(
    r"\b(?:sshpass|docker[ ]login|podman[ ]login|redis-cli)\b[^\n|;&]{0,256}?\s-[pa][ ]?(?P<secret>[^\s'\"|;&-][^\s'\"|;&]{2,256}|'[^'\n]{3,256}'|\"[^\"\n]{3,256}\")"
)
_USER = re.compile(
    r"\b(?:curl|wget|http|https)\b[^\n]{0,400}?\s(?:-u|--user)[ =]?['\"]?[^\s:'\"]{1,64}:(?P<secret>[^\s'\"]{3,256})"
)
_PROSE = frozenset(
    str.split(
        "option options flag is and or to with for argument arguments parameter value from via when if in must prompt using "
        "as file stdin the a an be are was of on not that this it"
    )
)


def assigned(text: str) -> Iterator[Span]:
    """Values given to a name: ``PGPASSWORD=x``, ``"api_key": "x"``, ``token: x``, ``secret = 'x'``."""
    position = retries = 0
    while found := _ASSIGNED.search(text, position):
        before = _NAME_BEFORE.search(text, max(0, found.start() - 40), found.start())
        name = (before[0] if before else "") + found["word"] + found["rest"]
        known = secret_name(name)
        group = _value_group(found)
        start, end = found.span(group)
        if known and _holds(known, found, text[start:end], text[end : end + 1], group):
            yield start, end, known.kind
            position = end
        else:
            # What was taken for a value may hold a name and its secret itself.
            retries += 1
            position = max(found.start() + 1, start if known is None or retries < _MAX_RETRIES else end)


def _value_group(found: re.Match[str]) -> str:
    return next(name for name in ("escaped", "double", "single", "tick", "bare") if found[name] is not None)


def _holds(known: SecretName, found: re.Match[str], value: str, following: str, group: str) -> bool:
    bare = group == "bare"
    if bare and following and following in "([{":
        return False
    if known.kind == "cookie" or known.kind == "authorization":
        return False
    is_member = not bare and found["close"].endswith(('"', "'")) and found["sep"] == ":"
    if is_member:
        return named(known, value)
    if known.strength == "password":
        return is_password(value, quoted=not bare, tight=found["sep"] == "=" and not found["gap"])
    return is_secret(value)


def named(known: SecretName, value: str) -> bool:
    """Whether the value of a member with this name is a secret: any, unless it is a placeholder or prose."""
    if known.strength == "weak":
        return is_secret(value)
    if len(value) < 3 or is_placeholder(value):
        return False
    if known.strength == "password":
        return len(value) <= 512
    return is_secret(value) or not (value[:1].isspace() or any(c.isspace() for c in value[:256]) or of_words(value))


def options(text: str) -> Iterator[Span]:
    """Values behind an option: ``--password x``, ``--api-key x``."""
    for found in _OPTION.finditer(text):
        known = secret_name(found["name"])
        if known is None:
            continue
        group = _value_group(found)
        value = found[group]
        if known.strength == "password":
            is_it = value.lower() not in _PROSE and is_password(value, quoted=group != "bare", tight=True)
        else:
            is_it = is_secret(value)
        if is_it:
            yield *found.span(group), known.kind


def elements(text: str) -> Iterator[Span]:
    """XML elements: ``<password>x</password>``."""
    for found in _ELEMENT.finditer(text):
        known = secret_name(found["name"])
        if known and named(known, found["secret"]):
            yield *found.span("secret"), known.kind


def headers(text: str) -> Iterator[Span]:
    """``Authorization`` and anything that says ``Bearer`` or ``Basic``."""
    for found in _SCHEMED.finditer(text):
        value = found["secret"]
        basic = found["scheme"].lower() == "basic"
        if _is_basic(value) if basic else is_secret(value.rstrip(".,")):
            yield *found.span("secret"), "basic" if basic else "bearer"
    for found in _AUTHORIZATION.finditer(text):
        if is_secret(found["secret"]):
            yield *found.span("secret"), "authorization"


def _is_basic(value: str) -> bool:
    try:
        return b":" in b64decode(value + "=" * (-len(value) % 4), validate=True)
    except ValueError:
        return False


def cookies(text: str) -> Iterator[Span]:
    """The values of ``Cookie`` and ``Set-Cookie`` headers."""
    for header in _COOKIES.finditer(text):
        for pair in _COOKIE.finditer(text, *header.span("pairs")):
            if pair["name"].lower() not in _COOKIE_ATTRIBUTES and is_secret(pair["secret"]):
                yield *pair.span("secret"), "cookie"


def sessions(text: str) -> Iterator[Span]:
    """``PHPSESSID=x`` and the like, outside headers too; ids of agent sessions are none."""
    for found in _SESSION.finditer(text):
        value = found["secret"]
        if is_secret(value) and not _UUID.match(value) and not value.startswith(("agent", "sess", "ses_")):
            yield *found.span("secret"), "session"


def commands(text: str) -> Iterator[Span]:
    """Short options of well-known programs: ``mysql -pX``, ``sshpass -p X``, ``curl -u name:X``."""
    for pattern in (_MYSQL, _SHORT, _USER):
        for found in pattern.finditer(text):
            value = found["secret"].strip("'\"")
            if not is_placeholder(value):
                start = found.start("secret") + (found["secret"] != value)
                yield start, start + len(value), "password"
