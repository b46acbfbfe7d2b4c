"""Does a value look like a secret? Asked only of values in a place where secrets stand.

Thresholds, in bits per character (Shannon, over the value itself): random hex of 32 characters has about 3.6, random
base64 of 40 about 4.8, words and identifiers of that length 2.5 to 3.8. So entropy alone cannot tell them apart;
together with "is not made of words and small numbers" it can.
"""

from __future__ import annotations

import re
from collections import Counter
from math import log2

MIN_LENGTH = 8
MIN_BITS = 2.5
MIN_BITS_LETTERS = 3.8
"""For values of letters alone, which must also be long and of mixed case."""

_PLACEHOLDER = re.compile(
    r"""(?ix)
    [<\[({%$].* | .*[>})\]] | [*x.\-_\#?0•…]{1,200} | (.)\1*…? | .{0,6}\.\.\..{0,6}
    | (?:your|my|the|some|any|an?|new|old|insert|replace|enter|example|sample|dummy|fake|mock|placeholder|change|put|
        add|paste|use|set|get|is|not|no|without|with|test|temp|default)?[-_ ]?(?:your|me|this|here|it|the|a)?
      [-_ ]?
      (?:pass|password|passwd|pwd|passphrase|secret|secrets|token|tokens|key|keys|api[-_ ]?key|access[-_ ]?token|
        credentials?|value|string|str|text|bytes|int|number|bool|boolean|object|none|null|nil|undefined|true|false|void|
        any|unknown|optional|required|example|placeholder|redacted|removed|hidden|masked|secure|encrypted|empty|missing|
        invalid|valid|expired|todo|tbd|n/?a|changeme|here|test|foo|bar|baz|auth|bearer|basic|oauth2?|jwt|env|file|path|
        yes|off|on|disabled|enabled|literal|abstract|module|mode|type|field|name)?
    """
)
_CODE = re.compile(
    r"(?:self|this|os|process|config|settings|env|args|options|opts|req|request|res|response|ctx|context|data|props|z|"
    r"yup|joi|params|secrets|vars|user|state|body|event|cfg|conf|app|client|session|headers)(?:\?)?\.[A-Za-z_]"
)
_DOTTED = re.compile(r"[A-Za-z_]\w{0,40}(?:\.[A-Za-z_]\w{0,40}){1,8}\Z")
_PART = re.compile(r"[A-Za-z]{0,24}\d{0,4}\Z")
_SEPARATOR = re.compile(r"[_\-./:\s@#+=,]")
_CAMEL = re.compile(r"(?:[A-Z]?[a-z]{2,}|[A-Z]{2,6}(?![a-z])){1,8}\d{0,3}\Z")
_SPACE = re.compile(r"\s")
_ALNUM = re.compile(r"[A-Za-z0-9]")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d|\Z)")
_PATH = re.compile(r"(?:~|\.{0,2})/|[A-Za-z]:\\|[a-z][a-z0-9+.-]{1,20}://")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{32,}={0,2}\Z")
_LONG_PART = 20


def bits(value: str) -> float:
    """Shannon entropy of ``value`` in bits per character."""
    size = len(value)
    return -sum(count / size * log2(count / size) for count in Counter(value).values()) if size else 0.0


def is_placeholder(value: str) -> bool:
    """Whether ``value`` stands for a secret instead of being one: ``<token>``, ``${VAR}``, ``xxx``, ``your-key``."""
    value = value.strip()
    if len(value) > 200:
        return False
    return (
        not value or _PLACEHOLDER.fullmatch(value) is not None or value.lower().startswith(("your_", "your-", "your "))
    )


def is_code(value: str) -> bool:
    """Whether an unquoted value is an expression of a programme, a path or an address."""
    return bool(_CODE.match(value) or _DOTTED.match(value) or (_PATH.match(value) and not _is_base64(value)))


def _is_base64(value: str) -> bool:
    """Whether what begins like a path is a key instead: one in 64 keys in base64 begins with ``/``.

    Names in a path are shorter, are words, or are of one case.
    """
    if value[:1] != "/" or not _BASE64.match(value):
        return False
    longest = max(value.rstrip("=").split("/"), key=len)
    mixed = not (longest.islower() or longest.isupper()) and any(map(str.isdigit, longest))
    return len(longest) >= _LONG_PART and mixed and not of_words(longest)


def has_space(value: str) -> bool:
    """Whether there is white space in the first characters of ``value``."""
    return _SPACE.search(value, 0, 256) is not None


def of_words(value: str) -> bool:
    """Whether ``value`` is made of words and small numbers: an identifier, a slug, a sentence."""
    return all(
        _PART.match(part) and (not part[:1].isalpha() or part.islower() or part.isupper() or _CAMEL.match(part))
        for part in _SEPARATOR.split(value[:256])
    )


def is_secret(value: str) -> bool:
    """Whether ``value``, standing where a key or token belongs, is one."""
    if len(value) < MIN_LENGTH or has_space(value) or is_placeholder(value) or _DATE.match(value):
        return False
    if value.isdigit() or is_code(value):
        return False
    if value.isalpha():
        mixed = not (value.islower() or value.isupper()) and not _CAMEL.match(value)
        return mixed and len(value) >= 16 and bits(value[:512]) >= MIN_BITS_LETTERS
    return not of_words(value) and _ALNUM.search(value) is not None and bits(value[:512]) >= MIN_BITS


def is_password(value: str, *, quoted: bool, tight: bool) -> bool:
    """Whether ``value``, standing where a password belongs, is one.

    Args:
        value: The value without quotes.
        quoted: It stood in quotes.
        tight: It stood right behind ``=`` or in the place of a command's argument, where programs put values.
    """
    if len(value) < 3 or len(value) > 512 or is_placeholder(value):
        return False
    if quoted:
        return not (" " in value.strip() and of_words(value.replace("'", "")))
    if is_code(value) or value[-1] in ":=":
        return False
    if value.isalpha():
        return tight
    if value.replace("_", "").isalpha():
        return tight and not re.search("pass|secret|token|key|pwd", value, re.IGNORECASE)
    return not value.isdigit() or len(value) >= 4
