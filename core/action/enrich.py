"""From a tool call to the name of what was chosen: ``exec`` with ``cd x && himalaya list`` becomes ``exec:himalaya``.

The rules, one for all frameworks (``soma.action.tools`` lists the names):

=================  ======================================================================================
shell              ``exec:<program>``: the program that matters, see ``soma.action.shell``
code interpreter   ``exec:<language>``
process            ``process:<verb>``
files              ``read:``, ``write:``, ``edit:`` and the last directory that means something, or the kind of file
search             ``search:grep``, ``search:glob``, ``search:ls``...
web                ``web:search``, ``web:<host>``, ``web:<browser verb>``
sub-agents         ``delegate:<agent>``, or ``delegate``
messages           ``message:<channel>``
plans              ``plan:todo``, ``plan:update``, ``plan:think``...
MCP                ``mcp:<server>:<tool>``, with the role its tool name has
any other          ``<tool>``; ``<tool>:<verb>`` when its ``action``, ``operation``, ``verb`` or ``command`` is one word
=================  ======================================================================================

Nothing here raises, whatever a trace holds, and of a long command only the first 4 KiB are read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from soma import codec
from soma.model import Role

from .names import host, label, place, words
from .shell import COMMAND_CHARS, program, program_of
from .tools import (
    BROWSER_PREFIXES,
    EDITOR_VERBS,
    HANDOFF_PREFIXES,
    LANGUAGES,
    NESTED_CALLS,
    TOOLS,
    WRAPPER_PREFIXES,
    Tool,
    fold,
)

ACTION_CHARS = 80
_TOOL_CHARS = 256
_JSON_CHARS = 256 * 1024
_NESTING = 2

_COMMANDS = (
    "command", "cmd", "script", "commands", "commandLine", "CommandLine", "keystrokes", "args", "action", "input",
)  # fmt: skip
_PATHS = words(
    "path file_path filepath filename file_name file absolute_path target_file notebook_path relative_workspace_path "
    "filePath absolutePath AbsolutePath TargetFile uri paths files directory dir folder changes"
)
_AGENTS = words(
    "subagent_type agent agent_id agentId agent_name agentName agent_type recipient coworker target_agent assistant to"
)
_CHANNELS = ("channel", "provider", "platform", "messageProvider")
_VERBS = ("action", "operation", "verb", "command")
_WORDS = words(
    "message text content prompt task description instructions request query input plan steps reason context"
)

_HOLDERS = (list, dict)
_PLAIN_VERB = re.compile(r"[a-z][A-Za-z_-]{0,23}\Z")
_PLAIN_NAME = re.compile(r"[A-Za-z][\w .-]{0,39}\Z")
PATCHED = re.compile(r"^(?:\*\*\* (?:Update|Add|Delete) File: |\+\+\+ (?:b/)?)(.{1,512})$", re.MULTILINE)
"""Headers of patches, with the file they change."""

_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff]+")


class Enriched(NamedTuple):
    """The action of a decision and what kind of tool was chosen."""

    action: str
    role: Role


def enrich(tool: str, arguments: Any = None) -> Enriched:
    """The action and role of a tool call.

    Args:
        tool: Name of the tool as the framework wrote it.
        arguments: What it was called with: an object, a list, text (JSON or not) or nothing.

    Returns:
        An action of at most 80 printable characters without spaces, and its role.
    """
    return _enrich(tool, arguments, 0)


def _enrich(tool: Any, arguments: Any, nesting: int) -> Enriched:
    known = _known(tool if isinstance(tool, str) else str(type(tool).__name__))
    if known.complete:
        return known.enriched
    given = as_object(arguments)
    if known.tool is None:
        if nesting < _NESTING and known.folded in NESTED_CALLS:
            return _inner_call(known.enriched, given, nesting)
        return _with_verb(known.enriched, given)
    needs = known.tool.needs
    if needs and not _NEEDS[needs](given):
        return _with_verb(Enriched(known.plain, "other"), given)
    return _BY_FAMILY[known.tool.family](known.tool, given, arguments)


class _Known(NamedTuple):
    """What a tool name says before its arguments are looked at."""

    enriched: Enriched
    plain: str
    folded: str
    tool: Tool | None
    complete: bool


@lru_cache(maxsize=4096)
def _known(name: str) -> _Known:
    name = name[:_TOOL_CHARS].strip()
    for prefix in WRAPPER_PREFIXES:
        if name.startswith(prefix) and len(name) > len(prefix):
            name = name[len(prefix) :]
    plain = label(name) or "tool"
    folded = fold(name)
    tool = TOOLS.get(folded) or TOOLS.get(fold(plain))
    if tool is None:
        split = _mcp(name)
        if split:
            server, inner = split
            action = f"mcp:{label(server) or '*'}:{label(inner) or '*'}"
            return _Known(_bounded(action, _role_of(inner)), plain, folded, None, True)
        lower = name.lower()
        for prefix in BROWSER_PREFIXES:
            if lower.startswith(prefix):
                return _Known(_bounded(f"web:{label(lower[len(prefix) :])}", "web"), plain, folded, None, True)
        for prefix in HANDOFF_PREFIXES:
            if lower.startswith(prefix) and len(lower) > len(prefix):
                agent = Tool("handoff", "delegate", label(name[len(prefix) :]))
                return _Known(_bounded(plain, "other"), plain, folded, agent, False)
        return _Known(_bounded(plain, "other"), plain, folded, None, False)
    if tool.verb and not tool.needs:
        return _Known(_bounded(f"{tool.family}:{tool.verb}", tool.role), plain, folded, tool, True)
    return _Known(_bounded(plain, tool.role), plain, folded, tool, False)


def _mcp(name: str) -> tuple[str, str] | None:
    """Server and tool of ``mcp__server__tool``, ``server__tool`` and ``mcp_server_tool``."""
    if name.startswith("mcp__"):
        server, separator, tool = name[5:].partition("__")
    elif name.startswith("mcp_"):
        server, separator, tool = name[4:].partition("_")
    else:
        server, separator, tool = name.partition("__")
    return (server, tool) if server and separator and tool else None


def _role_of(name: str) -> Role:
    tool = TOOLS.get(fold(name))
    if tool and tool.needs != "command":
        return tool.role
    return "web" if name.lower().startswith(BROWSER_PREFIXES) else "other"


def _shell(_: Tool, given: dict[str, Any], arguments: Any) -> Enriched:
    command = command_of(given, arguments)
    if isinstance(command, list):
        if command[:1] == ["apply_patch"]:
            return _file(TOOLS["applypatch"], {}, command[1] if len(command) > 1 else None)
        name = program_of(command)
    else:
        return _command(command[:COMMAND_CHARS] if isinstance(command, str) else "")
    return _bounded(f"exec:{name}" if name else "exec", "shell")


@lru_cache(maxsize=2048)
def _command(command: str) -> Enriched:
    name = "" if command.startswith('{"') else program(command)
    return _bounded(f"exec:{name}" if name else "exec", "shell")


def _code(_tool: Tool, given: dict[str, Any], _arguments: Any) -> Enriched:
    language = given.get("language")
    name = label(language).lower() if isinstance(language, str) else "python"
    return _bounded(f"exec:{LANGUAGES.get(name, name)}", "shell")


def _process(tool: Tool, given: dict[str, Any], _: Any) -> Enriched:
    verb = _verb(given)
    return _bounded(f"process:{verb}" if verb else "process", tool.role)


def _file(tool: Tool, given: dict[str, Any], arguments: Any) -> Enriched:
    family, role = tool.family, tool.role
    if family == "edit":
        family, role = EDITOR_VERBS.get(_verb(given), (family, role))
    path = path_of(given)
    if not path:
        text = next((text for text in (given.get("input"), given.get("patch"), arguments) if isinstance(text, str)), "")
        patched = PATCHED.search(text[:4096])
        path = patched[1] if patched else ""
    return _placed(family, role, path[-1024:])


@lru_cache(maxsize=4096)
def _placed(family: str, role: Role, path: str) -> Enriched:
    where = place(path)
    return _bounded(f"{family}:{where}" if where else family, role)


def _fixed(tool: Tool, _given: dict[str, Any], _arguments: Any) -> Enriched:
    return _bounded(f"{tool.family}:{tool.verb}", tool.role)


def _web(tool: Tool, given: dict[str, Any], arguments: Any) -> Enriched:
    where = host(_url(given) or (arguments if isinstance(arguments, str) else ""))
    return _bounded(f"web:{where or 'fetch'}", tool.role)


def _browser(tool: Tool, given: dict[str, Any], _: Any) -> Enriched:
    return _bounded(f"web:{_verb(given) or 'browse'}", tool.role)


def _delegate(tool: Tool, given: dict[str, Any], _: Any) -> Enriched:
    agent = _name(given, _AGENTS)
    return _bounded(f"delegate:{agent}" if agent else "delegate", tool.role)


def _handoff(tool: Tool, given: dict[str, Any], _: Any) -> Enriched:
    """``transfer_to_<agent>`` carries words at most; with a number (an amount) it is a transfer of something else."""
    if any(isinstance(value, int | float) and not isinstance(value, bool) for value in given.values()):
        return _with_verb(Enriched(f"transfer_to_{tool.verb}"[:ACTION_CHARS], "other"), given)
    return _bounded(f"delegate:{tool.verb}" if tool.verb else "delegate", tool.role)


def _message(tool: Tool, given: dict[str, Any], _: Any) -> Enriched:
    channel = _name(given, _CHANNELS) or _verb(given)
    return _bounded(f"message:{channel}" if channel else "message", tool.role)


_BY_FAMILY: dict[str, Callable[[Tool, dict[str, Any], Any], Enriched]] = {
    "exec": _shell,
    "code": _code,
    "process": _process,
    "read": _file,
    "write": _file,
    "edit": _file,
    "web": _web,
    "browser": _browser,
    "delegate": _delegate,
    "handoff": _handoff,
    "message": _message,
    "plan": _fixed,
}


def _inner_call(outer: Enriched, given: dict[str, Any], nesting: int) -> Enriched:
    """The call that a calling tool was given, e.g. ``tool_call`` with ``name`` and ``arguments``."""
    name = next((given[key] for key in ("tool_name", "toolName", "name", "tool", "id") if _text(given.get(key))), "")
    if not name:
        return outer
    server = next((given[key] for key in ("server_name", "serverName", "server") if _text(given.get(key))), "")
    if server:
        name = f"mcp__{server}__{name}"
    inner = next((given[key] for key in ("arguments", "args", "input", "params") if key in given), None)
    return _enrich(name, inner, nesting + 1)


def _with_verb(enriched: Enriched, given: dict[str, Any]) -> Enriched:
    verb = _verb(given) if given else ""
    return _bounded(f"{enriched.action}:{verb}", enriched.role) if verb else enriched


def _verb(given: dict[str, Any]) -> str:
    for key in _VERBS:
        value = given.get(key)
        if isinstance(value, str) and _PLAIN_VERB.match(value):
            return value
    return ""


def _name(given: dict[str, Any], keys: tuple[str, ...]) -> str:
    for key in keys:
        value = given.get(key)
        if isinstance(value, str) and _PLAIN_NAME.match(value) and (name := label(value)):
            return name
    return ""


def command_of(given: dict[str, Any], arguments: Any) -> Any:
    """The shell command among the arguments of a call: text, a list of words, or ``None``."""
    if not given:
        return arguments
    for key in _COMMANDS:
        command = given.get(key)
        if command:
            return command.get("command") if isinstance(command, dict) else command
    return None


def path_of(given: dict[str, Any]) -> str:
    """The first path among the arguments of a call; empty where there is none."""
    for key in _PATHS:
        value = given.get(key)
        if value is None:
            continue
        while isinstance(value, _HOLDERS) and value:
            value = value["path"] if isinstance(value, dict) and "path" in value else next(iter(value), None)
        if isinstance(value, str) and value:
            return value
    return ""


def _url(given: dict[str, Any]) -> str:
    for key in ("url", "uri", "href", "link", "prompt"):
        value = given.get(key)
        if isinstance(value, str) and value:
            return value
    return ""


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


_NEEDS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "path": lambda given: bool(path_of(given)),
    "command": lambda given: any(isinstance(given.get(key), str | list) for key in ("command", "cmd", "script")),
    "url": lambda given: "//" in _url(given),
    "words": lambda given: any(_text(given.get(key)) for key in (*_WORDS, *_AGENTS, *_CHANNELS)) or not given,
}


def as_object(arguments: Any) -> dict[str, Any]:
    """The arguments as an object, also when they are written as JSON."""
    if isinstance(arguments, dict):
        return arguments
    if isinstance(arguments, str) and len(arguments) <= _JSON_CHARS and arguments.lstrip()[:1] == "{":
        try:
            value = codec.decode(arguments)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}
    return {}


@lru_cache(maxsize=8192)
def _bounded(action: str, role: Role) -> Enriched:
    return Enriched(_UNPRINTABLE.sub("_", action)[:ACTION_CHARS], role)
