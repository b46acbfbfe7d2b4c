"""A vault harvested once from the shipped traces, and the command line called the way a shell calls it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import pytest

from soma import codec
from soma.cli.main import main
from soma.synthesizer import commands


class Answer(NamedTuple):
    """What a command gave back."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed as JSON; fails when stdout holds anything else."""
        return codec.decode(self.out)


Soma = Callable[..., Answer]


@pytest.fixture(scope="session")
def vault(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vault of all shipped traces."""
    place = tmp_path_factory.mktemp("cli") / "vault"
    environment = {**os.environ, "SOMA_HOME": str(place.parent / "home")}
    command = [sys.executable, "-m", "soma.cli.main", "harvest", str(fixtures), "--vault", str(place), "--jobs", "1"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture
def soma() -> Soma:
    """Call the command line in this process; whatever it does, it must end with an exit code."""

    def call(*arguments: str) -> Answer:
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
        with mock.patch.object(sys, "argv", ["soma", *arguments]), redirect_stdout(out), redirect_stderr(err):
            with pytest.raises(SystemExit) as ended:
                main()
            out.flush()
            err.flush()
        commands.name_vault(None)
        code = ended.value.code
        assert isinstance(code, int)
        return Answer(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))

    return call
