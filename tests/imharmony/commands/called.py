"""The ``harmonize`` command as a test calls it."""

import sys

import pytest

from imharmony.cli import main


def call(monkeypatch, *arguments):
    """``harmonize ARGUMENTS``."""
    monkeypatch.setattr(sys, "argv", ["harmonize", *map(str, arguments)])
    main()


def refused(monkeypatch, captured, *arguments) -> str:
    """What is said of wrong input: one line, and nothing else."""
    with pytest.raises(SystemExit) as stop:
        call(monkeypatch, *arguments)
    said = captured.readouterr()
    assert (stop.value.code, said.out, said.err.count("\n")) == (2, "", 1)
    return said.err
