"""Elements of SVG: numbers short and alike everywhere, texts escaped."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

from soma.synthesizer.wording import plain


def element(name: str, content: Iterable[Markup] | str = (), **attributes: object) -> Markup:
    """One element; an underscore at the end of an attribute's name is dropped, other underscores become hyphens."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_value(value))}"' for key, value in attributes.items()
    )
    inside = escape(content) if isinstance(content, str) else Markup("").join(content)
    # The name is ours, the attributes and a text inside are escaped.
    return Markup(f"<{name}{told}>{inside}</{name}>")  # noqa: S704


def picture(content: Iterable[Markup], *, kind: str, width: float, height: float, told: str, **more: object) -> Markup:
    """A whole picture that a screen reader hears as ``told``."""
    return element(
        "svg", content, class_=kind, viewBox=f"0 0 {_value(width)} {_value(height)}", role="img",
        aria_label=plain(told, 300), **more,
    )  # fmt: skip


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value + 0.0:.2f}".rstrip("0").rstrip(".")
    return str(value)
