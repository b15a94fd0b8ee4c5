"""The ``harmonize`` command: which of its commands is meant, loaded only then.

Packages beside the library add commands of their own: ``harmonize study`` asks people for their opinion of pictures.
"""

import sys
from collections.abc import Callable
from importlib import import_module

from imharmony.errors import InputError, exit_code_of

ADDED = "imharmony.commands"  # entry points: (arguments) -> what to print, exit code
PHOTO = "imharmony.commands.photo"
COMMANDS = {  # modules with `run`: (arguments) -> what to print, exit code
    "app": "imharmony.commands.app",
    "models": "imharmony.commands.models",
    "dataset": "imharmony.datasets.cli",
    "detect": "imharmony.commands.detect",
    "doctor": "imharmony.commands.doctor",
    "folder": "imharmony.commands.folder",
    "portrait": "imharmony.commands.portrait",
    "score": "imharmony.commands.score",
    "video": "imharmony.commands.video",
}
# A package that is missing -> the extra that brings it; others: library.
EXTRA_OF = {"torch": "torch", "safetensors": "torch"} | dict.fromkeys(("fastapi", "starlette", "uvicorn", "h11"), "app")

Command = Callable[[list[str]], tuple[str, int]]


def main() -> None:
    """Parses the command line, does it, prints the result. Exit code 2 and one line on wrong input."""
    if code := exit_code_of(_run):
        sys.exit(code)


def _run() -> int:
    arguments = ["--help"] if sys.argv[1:2] == ["help"] else sys.argv[1:]
    name = arguments[0] if arguments else ""
    if name in {"--version", "-V"}:
        from importlib.metadata import version

        return _say(f"imharmony {version('imharmony')}")
    try:
        command = _added(name) if name not in COMMANDS else _command(COMMANDS[name])
        text, code = command(arguments[1:]) if command else _command(PHOTO)(arguments)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in {"", "imharmony"}:
            raise
        extra = EXTRA_OF.get(missing, "library")
        raise InputError(f"this needs {missing}, which is not installed; pip install 'imharmony[{extra}]'") from error
    return _say(text) or code


def _say(text: str) -> int:
    if sys.stdout is not None:  # closed by whoever called
        encoding = sys.stdout.encoding or "utf-8"
        print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)  # names of files need not be text
    return 0


def _command(module: str) -> Command:
    return import_module(module).run


def _added(name: str) -> Command | None:
    """A command that another package adds; None where there is none of the name."""
    if not name.isidentifier():
        return None
    from importlib.metadata import entry_points

    return next((entry.load() for entry in entry_points(group=ADDED, name=name)), None)
