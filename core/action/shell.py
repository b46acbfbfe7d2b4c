"""The program that matters in a shell command.

A command is read simple command by simple command. Each is reduced to the program it runs (through ``sudo``,
``timeout 30``, ``npx``, ``python -m``, ``bash -c``...), and the first one of the highest rank is the answer:

3. programs that do the work (``pytest``, ``grep``, ``git``),
2. preparation (``mkdir``, ``rm``, ``which``, a ``cat`` that feeds a pipe or writes a file),
1. speech and display (``echo``, ``sleep``, ``head``),
0. what only changes the shell itself (``cd``, ``export``, ``source``, ``[``).

So ``cd x && mkdir -p y && FOO=1 make | tail`` is ``make``, while ``echo done`` alone is still ``echo``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from .names import label
from .programs import (
    FAMILIES,
    PREPARING,
    RESERVED,
    RUNNERS,
    SHELL_ITSELF,
    SHELLS,
    SPEAKING,
    VALUED,
    WRAPPERS,
    is_cmdlet,
)

COMMAND_CHARS = 4096
_WORDS = 32
_NESTING = 3
_ACTING = 3

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\f\v]++|\\\r?\n)
      | (?P<comment>\#[^\n]*+)
      | (?P<heredoc><<-?(?!<)[ \t]*+(?P<stop>'[^'\n]++'|"[^"\n]++"|[^\s;&|<>()]++))
      | (?P<redirect>(?:\d{0,2}(?:<<<|>>|>\||[<>]&|<>|[<>](?!\())|&>>?)[ \t]*+)
      | (?P<operator>\n|;;?|&&|\|\|?&?|&|\(\(|[()])
      | (?P<word>(?:[^\s'"\\;&|<>()`$]++|\\.|'[^']*+(?:'|\Z)|"(?:[^"\\]|\\.)*+(?:"|\Z)|`[^`]*+(?:`|\Z)
            |\$\((?:[^()]++|\((?:[^()]++|\([^()]*+\))*+\))*+(?:\)|\Z)|\$\{[^}]*+(?:\}|\Z)|\$|[<>]\([^)]*+\)?)++)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_INTO = (">", ">>", ">|")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w{0,63}(?:\[[^\]]{0,64}\])?\+?=")
_SUBSTITUTION = re.compile(r"[A-Za-z_]\w{0,63}\+?=\"?(?:\$\((?!\()|`)(.{1,2048})", re.DOTALL)
_QUOTING = re.compile(r"""\\(.)|'([^']*+)'?|"((?:[^"\\]|\\.)*+)"?""", re.DOTALL)
_DRIVE = re.compile(r"""["']?[A-Za-z]:\\""")
_TAKES_SCRIPT = re.compile(r"-[a-z]{0,6}c\Z")
_FENCE = re.compile(r"\s*(?:```[ \t]*(?:(?:ba|z)?sh|shell|console)?(?=\s|[^\w`])\s*|`(?=[^`]+`\s*\Z))")
_PROMPT = re.compile(r"(?:\A|\s)\$ (?=\w)")
_PROSE = frozenset({"i", "the", "it", "you", "your", "this", "that", "there", "here", "to", "we", "sorry", "please"})
_SENTENCE = 4
_SUFFIX = re.compile(r"\.(?:exe|cmd|bat|com)\Z", re.IGNORECASE)
_VERSION = re.compile(r"[-@]?v?\d+(?:\.\d+)*\Z")


def program(command: str) -> str:
    """The program a command is about, empty when it names none; only the first 4 KiB are looked at.

    Models also write a command into a fence of Markdown, or say something instead of a command: what is fenced counts,
    and a sentence runs no program.
    """
    text = command[:COMMAND_CHARS]
    if fence := _FENCE.match(text):
        text = text[fence.end() :].rstrip().rstrip("`")
        prompt = _PROMPT.search(text) if text.startswith("#") else None
        text = text[prompt.end() :] if prompt else text
    name = "" if _is_prose(text) else _program(text)
    return "test" if name.startswith("[") else name.partition("[")[0]


def _is_prose(text: str) -> bool:
    """Whether a text is a sentence: it begins with a word that is no program and goes on with plain words."""
    words = text.split(maxsplit=_SENTENCE)
    if len(words) <= _SENTENCE or words[0].lower() not in _PROSE:
        return False
    return all(word.strip(".,!?").replace("'", "").isalpha() for word in words[1:3])


def program_of(argv: Sequence[object]) -> str:
    """The same for a command given as a list of arguments, or as a list of one whole command."""
    words = [word[:COMMAND_CHARS] for word in argv[:_WORDS] if isinstance(word, str)]
    if len(words) == 1:
        return _program(words[0])
    return resolve([_quoted(word) for word in words], 0)[0]


@lru_cache(maxsize=2048)
def _program(command: str) -> str:
    return _ranked(command, 0)[0]


def _ranked(command: str, nesting: int) -> tuple[str, int]:
    best, best_rank = "", -1
    if nesting < _NESTING:
        for words, gives_away, _ in simple_commands(command):
            name, rank = resolve(words, nesting)
            if gives_away and name == "cat":
                rank = 2
            if name and rank > best_rank:
                best, best_rank = name, rank
                if rank == _ACTING:
                    break
    return best, best_rank


def simple_commands(text: str) -> Iterator[tuple[list[str], bool, list[str]]]:
    """The words of each simple command, whether its output goes into a pipe or a file, and the files it writes to."""
    words: list[str] = []
    written: list[str] = []
    stops: list[str] = []
    gives_away, target_follows = False, ""
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            break
        position = token.end()
        kind = token.lastgroup
        if kind == "word":
            if target_follows:
                if target_follows.strip().lstrip("01&") in _INTO:
                    written.append(token[0])
                target_follows = ""
            elif words or token[0] != "[[":
                if len(words) < _WORDS:
                    words.append(token[0])
            else:
                position = _after(text, "]]", position)
        elif kind == "redirect":
            target_follows = token[0]
            gives_away = gives_away or target_follows.lstrip("01").startswith((">", "&>"))
        elif kind == "heredoc":
            stops.append(token["stop"].strip("'\""))
        elif kind == "operator":
            operator = token[0]
            if operator == "((":
                position = _after(text, "))", position)
            elif operator == "(" and text.startswith(")", position):
                words = []
                continue
            if words:
                yield words, gives_away or operator in ("|", "|&"), written
            words, written, gives_away, target_follows = [], [], False, ""
            if operator == "\n":
                while stops:
                    position = _after_line(text, stops.pop(0), position)
    if words:
        yield words, gives_away, written


def _after(text: str, mark: str, position: int) -> int:
    found = text.find(mark, position)
    return len(text) if found < 0 else found + len(mark)


def _after_line(text: str, stop: str, position: int) -> int:
    """Past the line that ends a here-document which begins at ``position``."""
    while position < len(text):
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        if text[position:end].strip() == stop:
            return end
        position = end + 1
    return len(text)


def resolve(words: list[str], nesting: int = 0) -> tuple[str, int]:
    """The program one simple command runs, and its rank."""
    at, assigned = 0, ""
    while at < len(words):
        word = words[at]
        if word in RESERVED or word == "=":
            at += 1
        elif word.startswith("$") and words[at + 1 : at + 2] == ["="]:
            at += 2
        elif _ASSIGNMENT.match(word):
            assigned = assigned or word
            at += 1
        else:
            name = _name(word)
            if name in SHELL_ITSELF:
                return name, 0
            if name in WRAPPERS:
                if name == "command" and words[at + 1 : at + 2] in (["-v"], ["-V"]):
                    return "which", 2
                inner = _after_options(words, at + 1, name) + WRAPPERS[name]
            elif name in RUNNERS and words[at + 1 : at + 2] and words[at + 1] in RUNNERS[name]:
                inner = _after_options(words, at + 2, name)
            else:
                return _named(name, words[at + 1 :], nesting)
            if inner >= len(words):
                return name, _rank(name)
            at = inner
    substitution = _SUBSTITUTION.match(assigned)
    if substitution:
        name, rank = _ranked(substitution[1].rstrip('"`)'), nesting + 1)
        return name, min(rank, 2)
    return "", -1


def _named(name: str, arguments: list[str], nesting: int) -> tuple[str, int]:
    """What stands behind an interpreter: the module of ``python -m``, the script of ``bash -c``, a shell file."""
    if name in SHELLS:
        return _of_shell(name, arguments, nesting)
    if name == "python":
        for index, word in enumerate(arguments[:8]):
            if word == "-m" and index + 1 < len(arguments):
                return _name(arguments[index + 1]) or name, _ACTING
            if not word.startswith("-") and arguments[index - 1 : index] not in (["-W"], ["-X"]):
                break
    return name, _rank(name)


def _of_shell(name: str, arguments: list[str], nesting: int) -> tuple[str, int]:
    skip = False
    for index, word in enumerate(arguments):
        if skip:
            skip = False
        elif name in ("cmd", "powershell", "pwsh"):
            if word.lower() in ("/c", "/k", "-c", "-command"):
                inner = " ".join(bare(rest) for rest in arguments[index + 1 :])
                found, rank = _ranked(inner[:COMMAND_CHARS], nesting + 1)
                return found or name, max(rank, 0) if found else _ACTING
            if not word.startswith(("-", "/")):
                return _name(word) or name, _ACTING
            skip = word.lower() in ("-executionpolicy", "-ep", "-workingdirectory")
        elif _TAKES_SCRIPT.match(word) and index + 1 < len(arguments):
            found, rank = _ranked(bare(arguments[index + 1]), nesting + 1)
            return (found, rank) if found else (name, _ACTING)
        elif word in ("-o", "-O", "--rcfile", "--init-file"):
            skip = True
        elif not word.startswith(("-", "+")):
            return _name(word) or name, _ACTING
    return name, _ACTING


def _after_options(words: list[str], at: int, name: str) -> int:
    valued = VALUED.get(name, frozenset())
    while at < len(words) and words[at].startswith("-"):
        if words[at] == "--":
            return at + 1
        at += 2 if words[at] in valued else 1
    return at


def _rank(name: str) -> int:
    if name in SPEAKING:
        return 1
    return 2 if name in PREPARING else _ACTING


@lru_cache(maxsize=4096)
def _name(word: str) -> str:
    """The name a program is known by: without directory, quotes, version, ``.exe`` and ids."""
    text = word.strip("\"'").replace("\\", "/") if _DRIVE.match(word) else bare(word)
    if text.startswith(("$(", "`", "<(", ">(", "-")):
        return ""
    name = _SUFFIX.sub("", text[-512:].rstrip("/").rpartition("/")[2])
    if name in (".", "[", "[[", ":"):
        return name
    name = name[:1] + name[1:].partition("@")[0]
    family = _VERSION.sub("", name)
    if family != name and (family in FAMILIES or name[len(family)] in "-@"):
        name = family
    if is_cmdlet(name):
        name = name.lower()
    stem, dot, extension = name.rpartition(".")
    if dot and stem and extension.isalpha():
        return f"{label(stem)}.{extension}" if label(stem) else extension
    return FAMILIES.get(name) or label(name)


def bare(word: str) -> str:
    """``word`` without its quoting."""
    if "'" not in word and '"' not in word and "\\" not in word:
        return word
    return _QUOTING.sub(_unquoted, word)


def _unquoted(found: re.Match[str]) -> str:
    if found[3] is not None:
        return re.sub(r'\\(["\\$`])', r"\1", found[3])
    return found[1] or found[2] or ""


def _quoted(word: str) -> str:
    return "'" + word.replace("'", "'\\''") + "'" if set(word) & set(" \t\n'\"\\;&|<>()`$") else word
