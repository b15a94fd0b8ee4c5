"""Which of our definitions a call runs, as the interpreter says: an oracle for what ``SourceCode`` finds by reading."""

import functools
import importlib
import pkgutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from pipeline.steps.fingerprints import OURS
from pipeline.steps.source_code import EFFECTS, SourceCode, Target

Traced = Callable[[FrameType, str, Any], Any]
READING = "pipeline.params"  # what runs below it makes values, which stand in the fingerprint as they were read


class Executed:
    """The code objects of modules below a folder that were run while it was recorded.

    Each is known by its identity: to hash or compare one takes as long as all that is in it.
    """

    def __init__(self, root: Path) -> None:
        self._root = f"{root}/"
        self._modules: dict[str, str | None] = {}
        self._others: dict[int, CodeType] = {}  # not ours; kept, or others could have their identities
        self._here = threading.local()
        self._codes: dict[int, CodeType] = {}

    @contextmanager
    def recorded(self) -> Iterator[list[CodeType]]:
        """What is run in the block, by any thread that begins in it; complete when the block has ended."""
        import_all()  # or bodies of modules would be run where a function imports them
        self._codes, found = {}, list[CodeType]()
        threading.settrace(self._see)
        sys.settrace(self._see)
        try:
            yield found
        finally:
            sys.settrace(None)
            threading.settrace(None)  # pyright: ignore[reportArgumentType]
            found += self._codes.values()

    def module_of(self, code: CodeType) -> str | None:
        """The name of a module of ours."""
        name = code.co_filename
        if name not in self._modules:
            own = name.removeprefix(self._root)
            ours = own != name and own.partition("/")[0] in OURS and own.endswith(".py")  # templates have code too
            self._modules[name] = own.removesuffix(".py").removesuffix("/__init__").replace("/", ".") if ours else None
        return self._modules[name]

    def _see(self, frame: FrameType, _event: str, _argument: Any) -> Traced | None:
        """A call. Only a frame that reads parameters is looked at until it returns."""
        code = frame.f_code
        if id(code) in self._others or id(code) in self._codes:
            return None
        module = self.module_of(code)
        if module is None:
            self._others[id(code)] = code
        elif module.startswith(READING):
            self._here.depth = getattr(self._here, "depth", 0) + 1
            frame.f_trace_lines = False
            return self._returns
        elif not getattr(self._here, "depth", 0):
            self._codes[id(code)] = code
        return None

    def _returns(self, _frame: FrameType, event: str, _argument: Any) -> Traced:
        if event == "return":
            self._here.depth -= 1
        return self._returns


@functools.cache
def import_all() -> None:
    """Every module of the packages that cells are made of, but for those that start something or need what is not installed."""
    for package in ("imharmony", "reporting", "stages", "pipeline.steps", "pipeline.params"):
        for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not found.name.endswith(("__main__", "compphoto_runner")):
                importlib.import_module(found.name)


def definition_of(module: str, code: CodeType, source: SourceCode) -> frozenset[Target]:
    """The definitions of a module that a code object's text is a part of."""
    found = source.module(module)
    assert found is not None
    line = code.co_firstlineno
    named = {
        (module, name)
        for name, statements in found.definitions.items()
        for statement in statements
        if first_line(statement) <= line <= (statement.end_lineno or line)
    }
    if not named and any(first_line(each) <= line <= (each.end_lineno or line) for each in found.effects):
        named = {(module, EFFECTS)}
    return frozenset(named)


def first_line(statement: Any) -> int:
    """Decorators included, as code objects count."""
    return min([statement.lineno, *(each.lineno for each in getattr(statement, "decorator_list", []))])
