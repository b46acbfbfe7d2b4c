"""Names that say a secret follows: ``PGPASSWORD``, ``clientSecret``, ``apiKey``; not ``max_tokens`` or ``key_id``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

Strength = Literal["password", "strong", "weak"]


class SecretName(NamedTuple):
    """What a name says about its value.

    Attributes:
        kind: Kind of the marker.
        strength: ``password`` and ``strong`` names make any value a secret that is no placeholder; a ``weak`` one
            (``token``, ``auth``) has other uses, so its value must look like a secret.
    """

    kind: str
    strength: Strength


_split = str.split

_NAME_CHARS = 96
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_AFTERTHOUGHTS = frozenset(_split("value text string prod production dev development live test staging b64 base64 raw"))
_PASSWORDS = ("password", "passwd", "passphrase", "passcode")
_KEYS = frozenset(_split("api access secret private signing encryption auth account master shared service license sas"))
_STRONG_TOKENS = frozenset(
    _split(
        "access auth api refresh bearer bot id oauth personal security session github gitlab slack hf npm jwt csrf "
        "service deploy account webhook app user client vault registry"
    )
)
_NO_TOKENS = frozenset(
    _split(
        "max min next page continuation eos bos pad unk sep cls mask special start end stop prev previous cancel "
        "cancellation sync per input output prompt completion total sub word first last image"
    )
)
_GLUED = (
    ("password", SecretName("password", "password")),
    ("passwd", SecretName("password", "password")),
    ("apikey", SecretName("api-key", "strong")),
    ("accesskey", SecretName("api-key", "strong")),
    ("secretkey", SecretName("secret", "strong")),
    ("privatekey", SecretName("secret", "strong")),
    ("accountkey", SecretName("azure-key", "strong")),
    ("secret", SecretName("secret", "strong")),
    ("authtoken", SecretName("token", "strong")),
    ("accesstoken", SecretName("token", "strong")),
    ("token", SecretName("token", "weak")),
)


@lru_cache(maxsize=8192)
def secret_name(name: str) -> SecretName | None:
    """What ``name`` says about its value, ``None`` when nothing secret is to be expected."""
    words = [word.lower() for word in _WORD.findall(name[-_NAME_CHARS:])]
    while words and (words[-1].isdigit() or (len(words) > 1 and words[-1] in _AFTERTHOUGHTS)):
        words.pop()
    if not words:
        return None
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last == "key" and "secret" in words and ("aws" in words or before == "access"):
        return SecretName("aws-secret", "strong")
    if last in _PASSWORDS or (last in ("pass", "pw") and before):
        return SecretName("password", "password")
    if last in ("pass", "pwd"):
        return SecretName("password", "weak" if not before else "password")
    if last in ("key", "keys"):
        if before not in _KEYS:
            return None
        return SecretName("azure-key" if before == "account" or "shared" in words else "api-key", "strong")
    if last == "secret":
        return SecretName("secret", "strong")
    if last == "token":
        if before in _NO_TOKENS:
            return None
        return SecretName("token", "strong" if before in _STRONG_TOKENS - {"id"} else "weak")
    if last in ("authorization", "cookie", "cookies"):
        return SecretName("cookie" if last != "authorization" else "authorization", "strong")
    if last in ("credential", "credentials", "auth", "apikeys"):
        return SecretName("secret", "weak")
    for ending, meaning in _GLUED:
        if last.endswith(ending):
            return meaning
    return None
