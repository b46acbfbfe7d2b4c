"""What a tool call record says: its text, its outcome."""

from __future__ import annotations

import re
from typing import Any

from soma import codec
from soma.adapters.blocks.document import as_object, as_text
from soma.model import Outcome

_SHELL = "run_shell_command"
_EXIT = re.compile(r"^Exit Code: (-?\d+|\(none\))$", re.MULTILINE)
_LOOKED_AT = 400


def text_of(parts: Any) -> str:
    """Content (a text, a part or a list of parts) as one text; what is no text is named: ``[image]``."""
    if isinstance(parts, str):
        return parts
    found = []
    for part in parts if isinstance(parts, list) else [parts]:
        if isinstance(part, str):
            found.append(part)
            continue
        part = as_object(part)
        response = as_object(part.get("functionResponse")).get("response")
        if isinstance(part.get("text"), str):
            found.append(part["text"])
        elif response is not None:
            found.append(_response(response))
        elif "inlineData" in part or "fileData" in part:
            data = as_object(part.get("inlineData") or part.get("fileData"))
            kind = (as_text(data.get("mimeType")) or "data").split("/", 1)[0]
            found.append(f"[{kind}]")
    return "\n".join(found)


def outcome_of(call: dict[str, Any], text: str) -> Outcome:
    """How the call ended, by its status; a shell command also by its exit code."""
    status = call.get("status")
    start = text[:_LOOKED_AT]
    if status == "cancelled":
        return "timeout" if "exceeded the timeout" in start else "skipped"
    if status == "error":
        return "timeout" if "timed out" in start else "failed"
    if status != "success":
        return "unknown"
    if call.get("name") == _SHELL:
        # The command's own output comes before: the last line of this form is the tool's.
        codes = _EXIT.findall(text)
        code = codes[-1] if codes else "0"
        if code.lstrip("-0"):
            return "unknown" if code == "(none)" else "failed"
    return "ok"


def _response(response: Any) -> str:
    if isinstance(response, dict):
        for name in ("output", "error"):
            if isinstance(response.get(name), str):
                return str(response[name])
    try:
        return response if isinstance(response, str) else codec.encode(response)
    except RecursionError:
        return "[nested too deeply]"
