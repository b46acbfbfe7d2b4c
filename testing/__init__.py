"""The conformance kit: does an adapter keep what soma promises about every trace?

An adapter lives in a package of its own and names itself by an entry point::

    [project.entry-points."soma.adapters"]
    myformat = "my_package:ADAPTER"

Its test is three lines, with a few small real files of the format::

    from pathlib import Path
    from my_package import ADAPTER
    from soma.testing import assert_conforms

    def test_the_adapter_conforms() -> None:
        assert_conforms(ADAPTER, sorted(Path("samples").iterdir()))

``check_adapter`` returns the violations instead of raising them, ``CHECKS`` holds the checks by name (each says in its
docstring what it promises), and ``read`` runs an adapter over files the way the harvester does. Without a test runner::

    python -m soma.testing myformat samples                 # the checks
    python -m soma.testing myformat samples --runs 100000   # broken files, again and again

Nothing but soma itself is needed; pytest is welcome but not required.
"""

from __future__ import annotations

from .kit import CHECKS, assert_conforms, check_adapter
from .reading import Readout, read
from .violation import Violation

__all__ = ["CHECKS", "Readout", "Violation", "assert_conforms", "check_adapter", "read"]
