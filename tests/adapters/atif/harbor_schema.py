"""Writes the JSON Schema of ATIF as Harbor's own models state it: ``harbor-trajectory.schema.json`` beside this file.

Harbor (PyPI ``harbor``, licence Apache-2.0) is the reference reader of ATIF. It needs Python 3.12 and some ninety
packages that have nothing to do with trajectories; its models need pydantic alone and run on older Pythons too:

    python -m venv /tmp/harbor
    /tmp/harbor/bin/pip install pydantic
    /tmp/harbor/bin/pip install --no-deps --ignore-requires-python harbor==0.25.0
    /tmp/harbor/bin/python tests/adapters/atif/harbor_schema.py
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).with_name("harbor-trajectory.schema.json")


def schema() -> dict[str, Any]:
    """The schema of the installed Harbor, with where it comes from; descriptions are left out."""
    version = importlib.metadata.version("harbor")
    comment = f"Made by harbor_schema.py from harbor.models.trajectories of harbor {version} (PyPI, Apache-2.0)."
    stated: dict[str, Any] = _bare(importlib.import_module("harbor.models.trajectories").Trajectory.model_json_schema())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$comment": comment, **stated}


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        texts = {key for key in ("title", "description") if isinstance(value.get(key), str)}
        return {key: _bare(item) for key, item in value.items() if key not in texts}
    return [_bare(item) for item in value] if isinstance(value, list) else value


if __name__ == "__main__":
    SCHEMA.write_text(json.dumps(schema(), indent=1) + "\n")
