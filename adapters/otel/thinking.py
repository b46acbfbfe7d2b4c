"""Which model call asked for which tool call: told by the call id, else by time among spans of the same agent."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict

from .messages import Call
from .spans import ModelCall, Span
from .trace import Run, order
from .values import Result


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

    def unheard(self) -> list[tuple[Span, ModelCall, Call]]:
        """Every tool call the model asked for, for runs that recorded no tool spans."""
        found: list[tuple[Span, ModelCall, Call]] = []
        seen: set[str] = set()
        previous: tuple[Span, ModelCall] | None = None
        for span, call in self.calls:
            # A model call that did not record its output is heard of in the input of the next.
            requests = [(previous or (span, call), asked) for asked in call.before_calls if asked.call_id is not None]
            requests += [((span, call), asked) for asked in call.calls]
            for (asker, made), asked in requests:
                if asked.call_id is None or asked.call_id not in seen:
                    found.append((asker, made, asked))
                seen.update([asked.call_id] if asked.call_id else [])
            previous = (span, call)
        return found


def _is_inner(run: Run, span: Span) -> bool:
    for above in run.ancestors(span):
        if above.role in ("agent", "tool"):
            return False
        if above.model_call is not None:
            return above.model_call.tokens_in is not None or above.model_call.tokens_out is not None
    return False
