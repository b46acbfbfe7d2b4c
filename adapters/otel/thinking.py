"""Which model call asked for which tool call: told by the call id, else by time among spans of the same agent."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from .messages import Call
from .spans import ModelCall, Span
from .trace import Run, order
from .values import Result, text_of


class Thinking:
    """The model calls of one run and what they asked for.

    A model call inside another one (an SDK's span around a client library's span of the same request) is the same call:
    only the outer one counts when it has the tokens.

    Attributes:
        calls: The model calls in the order they started, each once.
        answers: Tool results that later model calls were given, by call id.
    """

    def __init__(self, run: Run) -> None:
        self.calls: list[tuple[Span, ModelCall]] = [
            (span, span.model_call)
            for span in order(run.spans.values(), run.depths)
            if span.model_call is not None and not _is_inner(run, span)
        ]
        self.answers: dict[str, Result] = {}
        self._asked: dict[str, tuple[Span, ModelCall, Call, int]] = {}
        self._earlier: dict[str, tuple[str | None, Call]] = {}
        self._owned: dict[str | None, list[tuple[int, Span, ModelCall]]] = defaultdict(list)
        for span, call in self.calls:
            self._learn(run, span, call)

    def _learn(self, run: Run, span: Span, call: ModelCall) -> None:
        for position, asked in enumerate(call.calls):
            if asked.call_id is not None:
                self._asked.setdefault(asked.call_id, (span, call, asked, position))
        for asked in call.before_calls:
            if asked.call_id is not None:
                self._earlier.setdefault(asked.call_id, (call.before_text, asked))
        for result in call.answered:
            if result.call_id is not None:
                self.answers.setdefault(result.call_id, result)
        if span.start is not None:
            owner = run.owners[span.span_id]
            self._owned[owner.span_id if owner else None].append((span.start, span, call))

    def request(self, call_id: str | None) -> Call | None:
        """The tool call as the model asked for it."""
        if call_id in self._asked:
            return self._asked[call_id or ""][2]
        return self._earlier[call_id or ""][1] if call_id in self._earlier else None

    def behind(self, run: Run, span: Span) -> tuple[Span, ModelCall] | None:
        """The model call that asked for the call a span stands for.

        Known by the call id; else it is the model call the span lies in, or the last one of the same agent that started
        before it, unless that one is known to have asked for other tools only.
        """
        tool = span.tool_call
        if tool is not None and tool.call_id in self._asked:
            return self._asked[tool.call_id or ""][:2]
        for above in run.ancestors(span):
            if above.model_call is not None:
                return above, above.model_call
            if above.role in ("agent", "tool"):
                break
        owner = run.owners[span.span_id]
        last = self._last(owner.span_id if owner else None, span)
        if last is None:
            return None
        names = {asked.name for asked in last[1].calls}
        return last if span.role != "tool" or tool is None or not names or tool.name in names else None

    def _last(self, owner: str | None, span: Span) -> tuple[Span, ModelCall] | None:
        calls = self._owned.get(owner, [])
        if span.start is None or not calls:
            return None
        index = bisect_right(calls, span.start, key=lambda item: item[0]) - 1
        return calls[index][1:] if index >= 0 else None

    def said(self, call: ModelCall | None, call_id: str | None) -> str | None:
        """Why a tool was called: the text beside the call, recorded by the model call itself or by the one after it."""
        if call is not None and call.text is not None:
            return call.text
        return self._earlier[call_id or ""][0] if call_id in self._earlier else None

    def asked_by(self, call_id: str | None) -> tuple[str, int] | None:
        """Id of the model call that asked for a tool call, and the place among those it asked for."""
        asked = self._asked.get(call_id or "")
        return None if asked is None else (asked[0].span_id, asked[3])

    def unheard(self) -> list[tuple[Span, ModelCall, Call, str]]:
        """Every tool call the model asked for and its id, for runs that recorded no tool spans."""
        found: list[tuple[Span, ModelCall, Call, str]] = []
        seen: set[str] = set()
        previous: tuple[Span, ModelCall] | None = None
        for span, call in self.calls:
            # A model call that did not record its output is heard of in the input of the next.
            heard = [asked for asked in call.before_calls if asked.call_id is not None]
            requests = [(*(previous or (span, call)), asked, name_of(span, 0, asked)) for asked in heard]
            requests += [(span, call, asked, name_of(span, place, asked)) for place, asked in enumerate(call.calls)]
            for request in requests:
                if request[3] not in seen:
                    seen.add(request[3])
                    found.append(request)
            previous = (span, call)
        return found

    def names(self, run: Run, spans: Iterable[Span]) -> dict[str, str]:
        """Span id to the id of the decision, for spans in the order they started.

        Calls are known before their spans end, so a span goes by the id of the call it stands for: the one it states;
        else that of a call of the model behind it to which no other span lays claim, with the same arguments if there
        is one. What no model asked for, or asked for under an id that is taken, goes by its span id.
        """
        calls = [(span, span.tool_call) for span in spans if span.role == "tool" and span.tool_call is not None]
        names: dict[str, str] = {}
        taken: set[str] = set()
        for span, tool in calls:
            if tool.call_id is not None and tool.call_id not in taken:
                names[span.span_id] = tool.call_id
                taken.add(tool.call_id)
        for span, tool in calls:
            behind = self.behind(run, span) if tool.call_id is None else None
            if behind is None:
                continue
            free = [
                (name, asked)
                for place, asked in enumerate(behind[1].calls)
                if asked.name == tool.name and (name := name_of(behind[0], place, asked)) not in taken
            ]
            if free:
                name = next((name for name, asked in free if _alike(tool.arguments, asked.arguments)), free[0][0])
                names[span.span_id] = name
                taken.add(name)
        return names


def name_of(asker: Span, place: int, asked: Call) -> str:
    """The id of a call: its own, else the span of the model call that asked for it and the place in its answer."""
    return asked.call_id or f"{asker.span_id}#{place}"


def _alike(given: Any, asked: Any) -> bool:
    """Whether arguments are the same; OpenInference keeps only the bare value of a single one."""
    try:
        bare = next(iter(asked.values())) if isinstance(asked, dict) and len(asked) == 1 else None
        return bool(given == asked) or (bare is not None and text_of(bare) == text_of(given))
    except RecursionError:
        return False


def _is_inner(run: Run, span: Span) -> bool:
    for above in run.ancestors(span):
        if above.role in ("agent", "tool"):
            return False
        if above.model_call is not None:
            return above.model_call.tokens_in is not None or above.model_call.tokens_out is not None
    return False
