"""Secrets known by the header or the command they stand in: ``Bearer``, ``Cookie``, ``mysql -p``, ``curl -u``."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator

from .entropy import is_placeholder, is_secret
from .rules import Span

# A pattern that begins with a class of characters and only then looks back is searched for several times as fast.
_SCHEMED = re.compile(
    r"[bB](?i:(?<![A-Za-z0-9].)(?P<scheme>earer|asic)(?:[ \t]|%20){1,3}(?P<secret>[A-Za-z0-9._~+/=-]{8,4096}))"
)
_AUTHORIZATION = re.compile(
    r"""(?ix)authorization\\{0,7}["']?[ \t]{0,3}[:=][ \t]{0,3}\\{0,7}["']?
        (?:(?:token|apikey|api-key|key|bot|digest|negotiate|ntlm|hmac)[ \t]{1,3})?
        (?P<secret>(?!bearer\b|basic\b)[A-Za-z0-9._~+/=-]{8,4096})"""
)
_COOKIES = re.compile(r"""(?i)cookie\\{0,7}["']?[ \t]{0,3}[:=][ \t]{0,3}\\{0,7}["']?(?P<pairs>[^\n"'\\]{3,4096})""")
_COOKIE = re.compile(r"(?P<name>[\w.-]{1,64})=(?P<secret>[^;\s]{6,4096})")
_COOKIE_ATTRIBUTES = frozenset(("path", "domain", "expires", "max-age", "samesite", "version", "priority"))
_SESSION = re.compile(
    r"[sSſpPjJaA](?<![\w-].)"
    r"(?i:(?<=s)(?:ession|ess|essionid)|(?<=p)hpsessid|(?<=j)sessionid|(?<=a)sp\.net_sessionid)="
    r"(?P<secret>[^\s;&\"'\\,<>]{16,1024})"
)
SESSION_HINTS = ("session=", "sess=", "sessionid=", "sessid=")
_AUTHORIZATION_WORD = "author[iıİ]zat[iıİ]on"
_ASSIGNED = r"""\\*["']?[ \t]*[:=]"""
_SENT = r"[0-9A-Za-z._~+/=\x{80}-\x{10FFFF}-]{8}"
_ODD_BASIC = "(?-i:[Bb][Aa](?:ſ[Iiıİ]|[Ss][ıİ])[Cc])"
_PRINTABLE = "(?-i:[I-Za-f][A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/])"
"""Four characters of base64 that stand for three printable ones: few words do."""
SCREEN = (
    rf"(?i:(?:bearer|{_ODD_BASIC})(?:[ \t]|%20)+{_SENT}|basic(?:[ \t]|%20)+{_PRINTABLE}[A-Za-z0-9+/=]{{4}}"
    rf"""|{_AUTHORIZATION_WORD}{_ASSIGNED}[ \t]*\\*["']?(?:[a-z\x{{80}}-\x{{10FFFF}}-]{{3,}}[ \t]+)?{_SENT}"""
    rf"""|cook[iıİ]e{_ASSIGNED}[^\n"'\\]*\\*["']?[^\n"'\\]*=[^; \t\n\r\f\v"'\\]{{6}}"""
    rf"""|sess(?:ion)?(?:id)?=[^ \t\n\r\f\v;&"'\\,<>]{{16}})"""
)
"""Matches, in RE2's syntax, wherever a header or a session holds something; for ``re`` any i may be ``ı`` or ``İ``."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\Z", re.IGNORECASE)

_ARGUMENT = r"""(?P<secret>[^\s'"|;&-][^\s'"|;&]{2,256}|'[^'\n]{3,256}'|"[^"\n]{3,256}")"""
COMMANDS = (
    (
        re.compile(
            r"(?:(?<![^\n;&|`(\"'])|(?<=sudo )|(?<=[;&|] ))(?:mysql|mysqldump|mysqladmin|mariadb)\s"
            r"[^\n|;&]{0,256}?(?<=\s)-p" + _ARGUMENT
        ),
        ("mysql", "mariadb"),
    ),
    (
        re.compile(r"\b(?:sshpass|docker login|podman login|redis-cli)\s[^\n|;&]{0,256}?(?<=\s)-[pa] ?" + _ARGUMENT),
        ("sshpass", " login", "redis-cli"),
    ),
    (
        re.compile(
            r"\b(?:curl|wget|https?)\s[^\n]{0,400}?(?<=\s)(?:-u|--user)[ =]?['\"]?[^\s:'\"]{1,64}:"
            r"(?P<secret>[^\s'\"\\]{3,256})"
        ),
        ("-u",),
    ),
)
"""Programs that take a secret as a short option, with hints: a text without any of these has no such call."""

SHORT_OPTION = re.compile(r" --?[pua]").search
"""What stands before every secret that ``commands`` finds."""


def authorizations(text: str) -> Iterator[Span]:
    """``Authorization`` headers, and anything that says ``Bearer`` or ``Basic``."""
    for found in _SCHEMED.finditer(text):
        value = found["secret"]
        basic = found["scheme"].lower() == "asic"
        if _is_basic(value) if basic else is_secret(value.rstrip(".,")):
            yield *found.span("secret"), "basic" if basic else "bearer"
    for found in _AUTHORIZATION.finditer(text):
        if is_secret(found["secret"]):
            yield *found.span("secret"), "authorization"


def _is_basic(value: str) -> bool:
    try:
        decoded = b64decode(value + "=" * (-len(value) % 4), validate=True)
    except ValueError:
        return False
    return b":" in decoded and decoded.isascii() and decoded.decode().isprintable()


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
    for pattern, hints in COMMANDS:
        if not any(hint in text for hint in hints):
            continue
        for found in pattern.finditer(text):
            value = found["secret"].strip("'\"")
            if not is_placeholder(value):
                start = found.start("secret") + (found["secret"] != value)
                yield start, start + len(value), "password"
