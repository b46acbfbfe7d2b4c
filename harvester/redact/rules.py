"""Secrets that are known by their own shape: the table of kinds.

Every pattern starts with something literal and every repetition is bounded, so that no text makes it slow. A rule runs
only on texts that hold one of its hints.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from .entropy import is_placeholder, is_secret, of_words

Span = tuple[int, int, str]


class Rule(NamedTuple):
    """One kind of secret.

    Attributes:
        kind: Name in the marker.
        hints: A text without any of these holds no such secret.
        pattern: Matches somewhere in every text that holds one.
        find: Where they stand: start, end, kind.
        screen: Likewise a pattern, where another than ``pattern`` is much quicker for a first look.
    """

    kind: str
    hints: tuple[str, ...]
    pattern: str
    find: Callable[[str], Iterator[Span]]
    screen: str = ""


_W = "[A-Za-z0-9_-]"
_NEW = r"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))"
"""Start of a word; also behind an escaped line end or an encoded character, as in JSON inside JSON."""


def shaped(
    kind: str, hints: str, pattern: str, check: Callable[[str], bool] | None = None, flags: int = 0, screen: str = ""
) -> Rule:
    """A rule for secrets that match ``pattern``; its group ``s``, where it has one, is the secret itself."""
    compiled = re.compile(pattern, flags)
    group = "s" if "s" in compiled.groupindex else 0

    def find(text: str) -> Iterator[Span]:
        for found in compiled.finditer(text):
            start, end = found.span(group)
            if check is None or check(text[start:end]):
                yield start, end, kind

    return Rule(kind, tuple(hints.split()), pattern, find, screen)


def _random(value: str) -> bool:
    return any(c.isdigit() for c in value) and not of_words(value)


def _url_password(value: str) -> bool:
    return not is_placeholder(value)


_DISCORD_REST = re.compile(rf"\.{_W}{{6,7}}\.{_W}{{27,45}}(?![A-Za-z0-9_.-])")
_DISCORD_ID = re.compile(rf"(?:(?<![A-Za-z0-9_.-])|(?<=\\[nrt]))[MNO]{_W}{{22,27}}\Z")


def _discord(text: str) -> Iterator[Span]:
    """A bot token has no literal in it: its two dots are looked for first."""
    for rest in _DISCORD_REST.finditer(text):
        start = rest.start()
        first = _DISCORD_ID.search(text, max(0, start - 40), start)
        if first and _random(text[first.start() : rest.end()]):
            yield first.start(), rest.end(), "discord"


TOKENS: tuple[Rule, ...] = (
    shaped("anthropic", "sk-ant-", rf"sk-ant-{_W}{{16,256}}"),
    shaped("langfuse", "-lf-", rf"{_NEW}sk-lf-[0-9a-f]{{8}}-{_W}{{20,64}}"),
    shaped("openrouter", "sk-or-", rf"{_NEW}sk-or-(?:v1-)?[A-Za-z0-9]{{32,128}}"),
    shaped("stripe", "sk_ rk_ whsec_", rf"{_NEW}(?:(?:sk|rk)_(?:live|test)_|whsec_)[A-Za-z0-9+/]{{16,255}}=?"),
    shaped("openai", "sk-", rf"{_NEW}sk-{_W}{{20,255}}", _random),
    shaped(
        "aws-key",
        "AKIA ASIA ABIA ACCA",
        r"(?<![A-Za-z0-9+])(?<!\\u)(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}(?![A-Za-z0-9+])",
    ),
    shaped("aws-key", r"\nA \rA \tA", r"(?<=\\[nrt])(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}(?![A-Za-z0-9+])"),
    shaped("google-key", "AIza", rf"AIza{_W}{{35}}"),
    shaped(
        "google-oauth",
        "GOCSPX- ya29. 1//0",
        rf"GOCSPX-{_W}{{20,64}}|ya29\.{_W}{{20,1024}}|{_NEW}1//0{_W}{{30,256}}",
    ),
    shaped(
        "azure-secret",
        "Q~",
        rf"{_NEW}[A-Za-z0-9_~.]{{3}}\dQ~[A-Za-z0-9_~.-]{{31,34}}",
        screen="Q~[A-Za-z0-9_~.-]{31,34}",
    ),
    shaped("github", "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_", r"gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_\w{22,255}"),
    shaped(
        "gitlab",
        "glpat- gldt- glrt- glcbt- glptt-",
        rf"gl(?:pat|dt|rt|cbt|ptt)-{_W}{{20,128}}(?:\.[0-9a-z.]{{1,32}})?",
    ),
    shaped("slack", "xox xapp-", rf"{_NEW}(?:xox[abceoprs](?:\.xox[bp])?-|xapp-\d-){_W}{{10,255}}"),
    shaped(
        "slack-webhook",
        "hooks.slack.com",
        r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<s>[A-Za-z0-9_/+-]{20,128})",
    ),
    shaped("discord-webhook", "/api/webhooks/", rf"/api/webhooks/\d{{15,21}}/(?P<s>{_W}{{50,128}})"),
    Rule("discord", (".",), rf"[MNO]{_W}{{22,27}}{_DISCORD_REST.pattern}", _discord),
    shaped(
        "telegram", ":AA", rf"(?<!\d)\d{{8,10}}:AA{_W}{{32,33}}(?![A-Za-z0-9_-])", screen=rf":AA{_W}{{32,33}}"
    ),
    shaped("twilio", "SK", rf"{_NEW}SK[0-9a-f]{{32}}(?![0-9A-Za-z])"),
    shaped("sendgrid", "SG.", rf"{_NEW}SG\.{_W}{{16,32}}\.{_W}{{16,64}}"),
    shaped("mailgun", "key-", rf"{_NEW}key-[0-9a-f]{{32}}(?![0-9A-Za-z-])"),
    shaped("huggingface", "hf_ api_org_", rf"{_NEW}(?:hf|api_org)_[A-Za-z0-9]{{30,64}}", lambda v: not v.islower()),
    shaped("npm", "npm_", rf"{_NEW}npm_[A-Za-z0-9]{{36,64}}"),
    shaped("pypi", "pypi-A", rf"pypi-A{_W}{{50,1024}}"),
    shaped("docker", "dckr_", rf"dckr_(?:pat|oat)_{_W}{{20,64}}"),
    shaped("digitalocean", "_v1_", r"do[opr]_v1_[0-9a-f]{64}"),
    shaped("heroku", "HRKU-", rf"HRKU-{_W}{{30,128}}"),
    shaped("shopify", "shp", r"shp(?:at|ss|ca|pa)_[0-9a-fA-F]{32,64}"),
    shaped(
        "atlassian",
        "ATATT ATCTT ATBB",
        rf"{_NEW}(?:(?:ATATT|ATCTT)3{_W}{{50,512}}(?:={_W}{{8}})?|ATBB[A-Za-z0-9]{{28,64}})",
    ),
    shaped("linear", "lin_", r"lin_(?:api|oauth)_[A-Za-z0-9]{32,128}"),
    shaped(
        "notion",
        "ntn_ secret_",
        rf"{_NEW}(?:ntn_[A-Za-z0-9]{{40,64}}|secret_[A-Za-z0-9]{{43}})(?![A-Za-z0-9])", _random,
    ),
    shaped("databricks", "dapi", rf"{_NEW}dapi[0-9a-f]{{32}}(?:-\d)?(?![0-9A-Za-z])"),
    shaped("groq", "gsk_", rf"{_NEW}gsk_[A-Za-z0-9]{{40,64}}"),
    shaped("xai", "xai-", rf"{_NEW}xai-[A-Za-z0-9]{{60,128}}"),
    shaped("perplexity", "pplx-", rf"{_NEW}pplx-[A-Za-z0-9]{{40,64}}"),
    shaped("replicate", "r8_", rf"{_NEW}r8_[A-Za-z0-9]{{32,64}}"),
    shaped("langsmith", "lsv2_", r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}"),
    shaped("vault", "hvs. hvb.", rf"{_NEW}hv[sb]\.{_W}{{20,300}}"),
    shaped("grafana", "glc_ glsa_", rf"{_NEW}gl(?:c|sa)_[A-Za-z0-9+/_]{{30,400}}={{0,2}}"),
    shaped("new-relic", "NRAK-", r"NRAK-[A-Z0-9]{27}"),
    shaped("sentry", "sntry", rf"sntry[su]_{_W}{{40,512}}"),
    shaped("postman", "PMAK-", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    shaped("figma", "figd_", rf"figd_{_W}{{36,64}}"),
    shaped("supabase", "sbp_", rf"{_NEW}sbp_[0-9a-f]{{40}}"),
    shaped("pinecone", "pcsk_", r"pcsk_\w{40,128}"),
    shaped("rubygems", "rubygems_", r"rubygems_[0-9a-f]{48}"),
    shaped("age-key", "AGE-SECRET-KEY-", r"AGE-SECRET-KEY-1[0-9A-Z]{40,64}"),
    shaped(
        "jwt",
        "eyJ",
        rf"eyJ{_W}{{10,4096}}\.{_W}{{10,8192}}(?:\.{_W}{{0,4096}}){{0,3}}|eyJhbGciOi{_W}{{4,4096}}\.?",
    ),
)  # fmt: skip
"""Tokens that are one long word; each holds 20 word characters in a row."""

URLS: tuple[Rule, ...] = (
    shaped(
        "url-password",
        "://",
        r"""://[^\s/:@"'<>`\\]{0,128}:(?P<s>[^\s/"'<>`\\]{1,256})@(?=[\w.\[$-])""", _url_password,
    ),
    shaped(
        "url-token",
        "://",
        r"""(?i)https?://(?P<s>[A-Za-z0-9_~.+%=-]{16,255})(?::x-oauth-basic)?@(?=[\w.-])""", _random,
    ),
)  # fmt: skip
"""Passwords in addresses; only looked for in texts that hold ``://`` and ``@``."""

URL_SCREEN = r"""://[^ \t\n\r\f\v/"'<>`\\]+@"""
"""Matches, in RE2's syntax, wherever a rule of ``URLS`` does."""

SIGNED = shaped(
    "url-signature",
    "sig= Sig= ignature= ecurity-Token=",
    r"(?i)[?&;](?:amp;)?(?:sig|signature|x-(?:amz|goog)-signature|x-amz-security-token)=(?P<s>[A-Za-z0-9%+/=_.-]{16,2048})",
    is_secret,
)

EMAIL = shaped(
    "email",
    "@",
    r"(?:(?<![A-Za-z0-9\\])|(?<=\\[nrt]))(?!git@)[A-Za-z0-9_][A-Za-z0-9._%+-]{0,63}+@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}",
)
"""An address; ``git@host`` is where a repository lies, and ``\\n@name.part`` a decorator in JSON inside JSON."""
PHONE = shaped("phone", "+", r"(?<![\w.+])\+\d(?:[ ().-]{0,2}\d){7,14}(?!\w)")
