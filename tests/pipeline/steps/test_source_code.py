"""A function's hash: what leaves it as it is, what is left out of it, and what cannot be followed."""

import os
import shutil
import subprocess
import sys
from textwrap import dedent

import pytest

from tests.conftest import ROOT
from tests.pipeline.steps.small_projects import Files, main, traced

RUN = """\
    import os

    from ours.tools import cut as shorten

    LIMIT = 3

    def _half(value):
        return value / 2

    def _unrelated():
        return 1

    def run(value: int, *, twice: bool = False) -> float:
        return shorten(_half(value), LIMIT, os.sep)
    """
TOOLS = """\
    def cut(value, limit):
        return min(value, limit)
    """
SAME: dict[str, tuple[Files, Files]] = {
    "comments and layout": (
        main("def run(a):\n    return [a, 1]\n"),
        main("# Why.\ndef run(\n    a,\n):\n\n    return [  # here\n        a, 1,\n    ]\n"),
    ),
    "docstrings": (
        main("def run(a):\n    return K()\nclass K:\n    pass\n"),
        main('"""Of the module."""\ndef run(a):\n    """Says."""\n    return K()\nclass K:\n    """Of the class."""\n    pass\n'),
    ),
    "annotations of functions and of what is theirs": (
        main("def run(a):\n    b = a\n    return b\n"),
        main("from collections.abc import Sequence\ndef run(a: Sequence[int]) -> int:\n    b: int = a\n    c: int\n    return b\n"),
    ),
    "another name of a private helper": (main(RUN, tools=TOOLS), main(RUN.replace("_half", "_share"), tools=TOOLS)),
    "another name of a constant": (main(RUN, tools=TOOLS), main(RUN.replace("LIMIT", "MOST"), tools=TOOLS)),
    "another name of a recursive helper": (
        main("def _f(n):\n    return n and _f(n - 1)\ndef run(n):\n    return _f(n)\n"),
        main("def _down(n):\n    return n and _down(n - 1)\ndef run(n):\n    return _down(n)\n"),
    ),
    "other names of helpers that call each other": (
        main("def _f(n):\n    return n and _g(n - 1)\ndef _g(n):\n    return n and _f(n - 2)\ndef run(n):\n    return _f(n)\n"),
        main("def _b(n):\n    return n and _a(n - 1)\ndef _a(n):\n    return n and _b(n - 2)\ndef run(n):\n    return _b(n)\n"),
    ),
    "another place in the file": (
        main(RUN, tools=TOOLS),
        main(
            "def run(value, *, twice=False):\n    return shorten(_half(value), LIMIT, os.sep)\n" + dedent(RUN).partition("def run")[0],
            tools=TOOLS,
        ),
    ),
    "a definition that moves to another module": (
        main(RUN, tools=TOOLS),
        main(RUN.replace("LIMIT = 3", "from ours.limits import LIMIT"), tools=TOOLS, limits="LIMIT = 3\n"),
    ),
    "a module that moves": (
        main(RUN, tools=TOOLS),
        main(RUN.replace("ours.tools", "more.deep.tools"))
        | {"more/deep/__init__.py": "", "more/__init__.py": "", "more/deep/tools.py": TOOLS},
    ),
    "what goes through another module": (
        main(RUN, tools=TOOLS),
        main(RUN.replace("ours.tools", "ours.shop"), tools=TOOLS, shop="from ours.tools import cut\n"),
    ),
    "another alias of an import": (main(RUN, tools=TOOLS), main(RUN.replace("shorten", "clip"), tools=TOOLS)),
    "a module in place of its name": (
        main(RUN, tools=TOOLS),
        main(RUN.replace("from ours.tools import cut as shorten", "from ours import tools").replace("shorten", "tools.cut"), tools=TOOLS),
    ),
    "a module by its whole path": (
        main(RUN, tools=TOOLS),
        main(RUN.replace("from ours.tools import cut as shorten", "import ours.tools").replace("shorten", "ours.tools.cut"), tools=TOOLS),
    ),
    "a relative import": (main(RUN, tools=TOOLS), main(RUN.replace("from ours.tools", "from .tools"), tools=TOOLS)),
    "an alias of another package": (
        main(RUN, tools=TOOLS),
        main(RUN.replace("import os", "import os as system").replace("os.sep", "system.sep"), tools=TOOLS),
    ),
    "definitions that are not used": (main(RUN, tools=TOOLS), main(RUN.replace("return 1", "return 2"), tools=TOOLS + "X = 1\n")),
    "what is said in the log": (
        main("import logging\nlog = logging.getLogger(__name__)\ndef run(a):\n    log.info('%s', a)\n    return a\n"),
        main("import logging\nlog = logging.getLogger(__name__)\ndef run(a):\n    log.warning('now %s', a)\n    return a\n"),
    ),
    "what stands under TYPE_CHECKING": (
        main("def run(a):\n    return a\n"),
        main(
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ours.tools import cut\ndef run(a: 'cut'):\n    return a\n",
            tools=TOOLS,
        ),
    ),
    "what a module does as a program": (
        main("def run(a):\n    return a\n"),
        main("def run(a):\n    return a\nif __name__ == '__main__':\n    print(run(1))\n"),
    ),
    "comments in a script that is named": (
        main("from pathlib import Path\ndef run():\n    return Path(__file__).with_name('script.py')\n", script="print(1)\n"),
        main(
            "from pathlib import Path\ndef run():\n    return Path(__file__).with_name('script.py')\n",
            script='"""Prints."""\n# One.\nprint( 1 )\n',
        ),
    ),
}


@pytest.mark.parametrize("case", SAME)
def test_it_stays_as_it_is_with(case, tmp_path):
    before, after = SAME[case]
    assert traced(tmp_path, before).code == traced(tmp_path, after).code


TABLE = {
    "ours/main.py": "from ours.table import TABLE\ndef run(name):\n    return TABLE[name]()\n",
    "ours/table.py": "from ours.one import one\nfrom ours.other import other\nTABLE = {'one': one, 'other': other}\n",
    "ours/one.py": "def one():\n    return 1\n",
    "ours/other.py": "def other():\n    return 2\n",
}
ONE = {"choices": {("ours.table", "TABLE"): frozenset({"one"})}}
CHANGED = {"ours/other.py": "def other():\n    return 3\n"}


def test_a_table_counts_as_far_as_it_is_used(tmp_path):
    assert traced(tmp_path, TABLE, **ONE).code == traced(tmp_path, TABLE | CHANGED, **ONE).code
    assert traced(tmp_path, TABLE).code != traced(tmp_path, TABLE | CHANGED).code
    assert ("ours.other", "other") not in traced(tmp_path, TABLE, **ONE).definitions


def test_of_a_table_neither_order_nor_other_entries_count(tmp_path):
    text = "from ours.one import one\nfrom ours.other import other\nTABLE = {'third': None, 'other': other, 'one': one}\n"
    assert traced(tmp_path, TABLE, **ONE).code == traced(tmp_path, TABLE | {"ours/table.py": text}, **ONE).code
    both = {"choices": {("ours.table", "TABLE"): frozenset({"one", "other"})}}
    assert traced(tmp_path, TABLE, **both).code == traced(tmp_path, TABLE | {"ours/table.py": text}, **both).code


def test_the_same_function_under_another_key_is_another_choice(tmp_path):
    text = "from ours.one import one\nTABLE = {'first': one}\n"
    first = {"choices": {("ours.table", "TABLE"): frozenset({"first"})}}
    assert traced(tmp_path, TABLE, **ONE).code != traced(tmp_path, TABLE | {"ours/table.py": text}, **first).code


def test_an_unknown_choice_and_what_is_no_table_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"ours\.table\.TABLE has no \['third'\]"):
        traced(tmp_path, TABLE, choices={("ours.table", "TABLE"): frozenset({"third"})})
    with pytest.raises(ValueError, match=r"ours\.table\.TABLE: expected a table of choices"):
        traced(tmp_path, TABLE | {"ours/table.py": "TABLE = dict(one=1)\n"}, **ONE)


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"ours\.main\.run: no such definition below"):
        traced(tmp_path, main("def walk():\n    pass\n"))
    with pytest.raises(ValueError, match=r"ours\.tools: no such module below"):
        traced(tmp_path, main("from ours.tools import f\ndef run():\n    return f()\n"))
    with pytest.raises(ValueError, match="imported in a circle"):
        traced(tmp_path, main("from ours.a import f\ndef run():\n    return f()\n", a="from ours.b import f\n", b="from ours.a import f\n"))


LEFT_OUT = main(
    "from ours.bars import W, Bar, track\ndef run(a):\n    return track(a), Bar(), W\n",
    bars="W = 1\ndef track(a):\n    return a\nclass Bar:\n    x = 1\n",
)


@pytest.mark.parametrize("left_out", [("ours.bars",), ("ours.bars.track", "ours.bars.Bar")])
def test_what_is_left_out_does_not_count_but_for_its_constants(left_out, tmp_path):
    before, text = traced(tmp_path, LEFT_OUT, left_out=left_out), LEFT_OUT["ours/bars.py"]
    same, other = text.replace("return a", "return 2").replace("x = 1", "x = 2"), text.replace("W = 1", "W = 2")
    assert traced(tmp_path, LEFT_OUT | {"ours/bars.py": same}, left_out=left_out).code == before.code
    assert traced(tmp_path, LEFT_OUT | {"ours/bars.py": other}, left_out=left_out).code != before.code


def test_files_are_those_that_are_named(tmp_path):
    found = traced(
        tmp_path, main("A = 'a.csv'\nB = 'b.csv'\ndef run():\n    return A\n") | {"ours/a.csv": "", "ours/b.csv": "", "ours/c.csv": ""}
    )
    assert {path.name for path in found.files} == {"a.csv"}


def test_packages_are_those_that_are_reached(tmp_path):
    text = """\
        import numpy as np
        import torch
        from scipy.ndimage import zoom

        def _unused():
            return torch

        def run(a):
            import cv2
            return zoom(np.ones(a)), cv2
        """
    assert traced(tmp_path, main(text)).packages == {"numpy", "scipy", "cv2"}


EVERYTHING = """\
    import numpy as np

    class K(list, metaclass=type):
        x: int = 1

        async def f(self, a, /, b=f"{2!r:>{3}}", *c, d=None, **e):
            async with a as g, b:
                return [h async for h in g if not h], {**e, "i": await d}, (yield)

    @np.vectorize
    def run(a, *, b=(lambda c: c)(1)):
        match a:
            case {"x": [1, *rest], **more} | (K(x=2) as more) if rest:
                return rest[1:2, ...], more
            case _:
                raise ValueError(f"{a=}" "b") from None
        try:
            del a[0]
        except* (ValueError, KeyError) as error:
            assert error, b""
        for i, (j, *k) in enumerate(a):
            while (n := i) < 1 <= 2 is not None:
                n @= -1 if j else ~k
                continue
            else:
                break
        return {m: n for m, n in a}, {*a}, 1j, 1.5, "é", u"u", b"b", ..., True
    """
OF_EVERYTHING = "f15af686e42cba348bf5f75eca230af20dc01d63120409981ee57ceeb5d6b1d5"


def test_it_is_the_same_on_every_python(tmp_path):
    """Written down, because interpreters differ in their syntax trees and tests run on one at a time."""
    assert traced(tmp_path, main(EVERYTHING)).code == OF_EVERYTHING


@pytest.mark.parametrize("version", ["3.12", "3.13", "3.14"])
def test_another_python_here_agrees(version, tmp_path):
    """Where there is one."""
    other = shutil.which(f"python{version}")
    if other is None or sys.version_info[:2] == tuple(map(int, version.split("."))):
        pytest.skip(f"no other Python {version} here")
    expected = traced(tmp_path, main(EVERYTHING)).code
    program = (
        "import sys; from pathlib import Path; from pipeline.steps.source_code import SourceCode; "
        "print(SourceCode(Path(sys.argv[1]), ('ours', 'more')).trace('ours.main', 'run').code)"
    )
    command, own = [other, "-c", program, str(tmp_path / "project")], os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=own, capture_output=True, text=True)
    if "not installed" in done.stderr or "command not found" in done.stderr:
        pytest.skip(f"Python {version} is a name without an interpreter here")
    assert done.stdout.strip() == expected, done.stderr
