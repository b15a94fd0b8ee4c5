"""Whatever may change what a function does changes its hash."""

import pytest

from tests.pipeline.steps.small_projects import Files, body, main, traced, two

G_AND_H = "def g(x):\n    return x + 1\ndef h(x):\n    return x * 2\n"
DIFFERENT: dict[str, tuple[Files, Files]] = {
    "a number": body("return a + 1", "return a + 2"),
    "a number of another type": body("return a + 1", "return a + 1.0"),
    "true for one": body("return 1", "return True"),
    "a text": body("return 'a'", "return 'b'"),
    "bytes for a text": body("return 'a'", "return b'a'"),
    "an operator": body("return a - b", "return a + b"),
    "the order of operands": body("return a - b", "return b - a"),
    "a comparison": body("return a < b", "return a <= b"),
    "a negation": body("return a", "return not a"),
    "a keyword": body("return dict(a=b)", "return dict(b=b)"),
    "a part of a slice": body("return a[b:]", "return a[:b]"),
    "the format of a text": body("return f'{a:.1f}'", "return f'{a:.2f}'"),
    "yield for return": body("return a", "yield a"),
    "an attribute": body("return a.x", "return a.y"),
    "statements in another order": body("a()\nb()", "b()\na()"),
    "a local name that says which": body("c = a\nd = b\nreturn c", "c = a\nd = b\nreturn d"),
    "a constant of the module": two("K = 1\ndef run():\n    return K\n", "K = 2\ndef run():\n    return K\n"),
    "which of two constants": two("K, L = 1, 2\ndef run():\n    return K\n", "L, K = 1, 2\ndef run():\n    return K\n"),
    "a constant that is added to": two("K = [1]\ndef run():\n    return K\n", "K = [1]\nK += [2]\ndef run():\n    return K\n"),
    "a default argument": two("def run(a=1):\n    return a\n", "def run(a=2):\n    return a\n"),
    "a default of a keyword argument": two("def run(*, a=1):\n    return a\n", "def run(*, a=2):\n    return a\n"),
    "an argument by keyword alone": two("def run(a, b):\n    return a\n", "def run(a, *, b):\n    return a\n"),
    "an argument by position alone": two("def run(a, b):\n    return a\n", "def run(a, /, b):\n    return a\n"),
    "many arguments for one": two("def run(a):\n    return a\n", "def run(*a):\n    return a\n"),
    "named arguments for many": two("def run(*a):\n    return a\n", "def run(**a):\n    return a\n"),
    "a coroutine": two("def run():\n    return 1\n", "async def run():\n    return 1\n"),
    "a decorator": two(
        "from functools import cache\ndef run():\n    return 1\n", "from functools import cache\n@cache\ndef run():\n    return 1\n"
    ),
    "what a decorator does": two(
        "@g\ndef run():\n    return 1\ndef g(f):\n    return f\n", "@g\ndef run():\n    return 1\ndef g(f):\n    return f()\n"
    ),
    "a base class": two("def run():\n    return K()\nclass K(list):\n    pass\n", "def run():\n    return K()\nclass K(dict):\n    pass\n"),
    "what a base class does": two(
        "def run():\n    return K()\nclass K(L):\n    pass\nclass L:\n    x = 1\n",
        "def run():\n    return K()\nclass K(L):\n    pass\nclass L:\n    x = 2\n",
    ),
    "an attribute of a class": two(
        "def run():\n    return K()\nclass K:\n    x = 1\n", "def run():\n    return K()\nclass K:\n    x = 2\n"
    ),
    "which attribute of a class": two(
        "x = y = None\ndef run():\n    return K()\nclass K:\n    x = 1\n    y = 2\n",
        "x = y = None\ndef run():\n    return K()\nclass K:\n    y = 1\n    x = 2\n",
    ),
    "a field's type": two(
        "def run():\n    return K()\nclass K:\n    x: int = 1\n", "def run():\n    return K()\nclass K:\n    x: float = 1\n"
    ),
    "a method": two(
        "def run():\n    return K()\nclass K:\n    def f(self):\n        return 1\n",
        "def run():\n    return K()\nclass K:\n    def f(self):\n        return 2\n",
    ),
    "a module's name that a method reads and its class has too": two(
        "x = 1\ndef run():\n    return K()\nclass K:\n    x = 3\n    def f(self):\n        return x\n",
        "x = 2\ndef run():\n    return K()\nclass K:\n    x = 3\n    def f(self):\n        return x\n",
    ),
    "a module's name that a class takes over": two(
        "x = 1\ndef run():\n    return K()\nclass K:\n    x = x\n", "x = 2\ndef run():\n    return K()\nclass K:\n    x = x\n"
    ),
    "which helper is called twice": body("return g(g(h(a)))", "return g(h(h(a)))", above=G_AND_H),
    "helpers in another order": body("return g(h(a))", "return h(g(a))", above=G_AND_H),
    "a helper through two imports": (
        main(
            "from ours.shop import cut\ndef run(a):\n    return cut(a)\n",
            shop="from ours.tools import cut\n",
            tools="def cut(a):\n    return a\n",
        ),
        main(
            "from ours.shop import cut\ndef run(a):\n    return cut(a)\n",
            shop="from ours.tools import cut\n",
            tools="def cut(a):\n    return -a\n",
        ),
    ),
    "a helper of a module that is imported": (
        main("from ours import tools\ndef run(a):\n    return tools.cut(a)\n", tools="def cut(a):\n    return a\n"),
        main("from ours import tools\ndef run(a):\n    return tools.cut(a)\n", tools="def cut(a):\n    return -a\n"),
    ),
    "a helper of a module by its whole path": (
        main("import ours.tools\ndef run(a):\n    return ours.tools.cut(a)\n", tools="def cut(a):\n    return a\n"),
        main("import ours.tools\ndef run(a):\n    return ours.tools.cut(a)\n", tools="def cut(a):\n    return -a\n"),
    ),
    "a module that is passed on": (
        main("from ours import tools\ndef run(a):\n    return a(tools)\n", tools="def cut(a):\n    return a\n"),
        main("from ours import tools\ndef run(a):\n    return a(tools)\n", tools="def cut(a):\n    return -a\n"),
    ),
    "a helper that a function imports": (
        main("def run(a):\n    from ours.tools import cut\n    return cut(a)\n", tools="def cut(a):\n    return a\n"),
        main("def run(a):\n    from ours.tools import cut\n    return cut(a)\n", tools="def cut(a):\n    return -a\n"),
    ),
    "a relative import in a package's own file": (
        main("import ours.deep\ndef run(a):\n    return ours.deep.f(a)\n")
        | {
            "ours/deep/__init__.py": "def f(a):\n    from .tools import cut\n    return cut(a)\n",
            "ours/deep/tools.py": "def cut(a):\n    return a\n",
        },
        main("import ours.deep\ndef run(a):\n    return ours.deep.f(a)\n")
        | {
            "ours/deep/__init__.py": "def f(a):\n    from .tools import cut\n    return cut(a)\n",
            "ours/deep/tools.py": "def cut(a):\n    return -a\n",
        },
    ),
    "what a module does when it is imported": two(
        "import os\ndef run():\n    return 1\n", "import os\nos.environ['A'] = '1'\ndef run():\n    return 1\n"
    ),
    "what its package does": (
        main("def run():\n    return 1\n"),
        main("def run():\n    return 1\n") | {"ours/__init__.py": "import os\nos.environ['A'] = '1'\n"},
    ),
    "what a module does that is imported for nothing else": (
        main("import ours.tools\ndef run():\n    return 1\n", tools="import os\nos.environ['A'] = '1'\n"),
        main("import ours.tools\ndef run():\n    return 1\n", tools="import os\nos.environ['A'] = '2'\n"),
    ),
    "what a module does that another imports": (
        main(
            "from ours.shop import K\ndef run():\n    return K\n",
            shop="import ours.tools\nK = 1\n",
            tools="import os\nos.environ['A'] = '1'\n",
        ),
        main(
            "from ours.shop import K\ndef run():\n    return K\n",
            shop="import ours.tools\nK = 1\n",
            tools="import os\nos.environ['A'] = '2'\n",
        ),
    ),
    "what a module does that a function imports": (
        main("def run():\n    import ours.tools\n    return 1\n", tools="import os\nos.environ['A'] = '1'\n"),
        main("def run():\n    import ours.tools\n    return 1\n", tools="import os\nos.environ['A'] = '2'\n"),
    ),
    "an attribute that a module sets": two(
        "import math\nmath.x = 1\ndef run():\n    return 1\n", "import math\nmath.x = 2\ndef run():\n    return 1\n"
    ),
    "an entry that a module adds": two("T = {}\nT['a'] = 1\ndef run():\n    return T\n", "T = {}\nT['a'] = 2\ndef run():\n    return T\n"),
    "a loop of a module": two(
        "T = {}\nfor k in (1, 2):\n    T[k] = k\ndef run():\n    return T\n",
        "T = {}\nfor k in (1, 3):\n    T[k] = k\ndef run():\n    return T\n",
    ),
    "a nested function": body("def f():\n    return 1\nreturn f()", "def f():\n    return 2\nreturn f()"),
    "a default of a nested function": two(
        "K = 1\ndef run():\n    def f(K=K):\n        return K\n    return f()\n",
        "K = 2\ndef run():\n    def f(K=K):\n        return K\n    return f()\n",
    ),
    "a lambda": body("return lambda: 1", "return lambda: 2"),
    "an argument of a lambda": body("return lambda c, d: c", "return lambda d, c: c"),
    "a helper in a lambda": two("K = 1\ndef run():\n    return lambda: K\n", "K = 2\ndef run():\n    return lambda: K\n"),
    "a list for a set": body("return [c for c in a]", "return {c for c in a}"),
    "a condition of a comprehension": body("return [c for c in a if c]", "return [c for c in a if not c]"),
    "a name that a comprehension has for itself and reads outside": two(
        "K = [1]\ndef run():\n    return [K for K in K]\n", "K = [2]\ndef run():\n    return [K for K in K]\n"
    ),
    "a name after a comprehension that has it for itself": two(
        "K = 1\ndef run(a):\n    return [K for K in a], K\n", "K = 2\ndef run(a):\n    return [K for K in a], K\n"
    ),
    "a name that another function has for itself": two(
        "K = 1\ndef other():\n    K = 2\ndef run():\n    other()\n    return K\n",
        "K = 3\ndef other():\n    K = 2\ndef run():\n    other()\n    return K\n",
    ),
    "a name of the module that a function gives a value": two(
        "K = 1\ndef run():\n    global K\n    K += 1\n    return K\n", "K = 2\ndef run():\n    global K\n    K += 1\n    return K\n"
    ),
    "a name of the module in a function whose outer one has it for itself": two(
        "K = 1\ndef run():\n    K = 5\n    def f():\n        global K\n        return K\n    return f(), K\n",
        "K = 2\ndef run():\n    K = 5\n    def f():\n        global K\n        return K\n    return f(), K\n",
    ),
    "a walrus": two(
        "K = 1\ndef run(a):\n    if (b := a + K) > 1:\n        return b\n",
        "K = 2\ndef run(a):\n    if (b := a + K) > 1:\n        return b\n",
    ),
    "which name a pattern gives": body("match a:\n    case [c, d]:\n        return c", "match a:\n    case [d, c]:\n        return c"),
    "the class of a pattern": two(
        "class K:\n    x = 1\ndef run(a):\n    match a:\n        case K():\n            return 1\n",
        "class K:\n    x = 2\ndef run(a):\n    match a:\n        case K():\n            return 1\n",
    ),
    "the exception that is caught": body(
        "try:\n    a()\nexcept ValueError as e:\n    return e", "try:\n    a()\nexcept KeyError as e:\n    return e"
    ),
    "the way out of an import that fails": (
        main(
            "try:\n    from numpy import f\nexcept ImportError:\n    from ours.tools import f\ndef run():\n    return f()\n",
            tools="def f():\n    return 1\n",
        ),
        main(
            "try:\n    from numpy import f\nexcept ImportError:\n    from ours.tools import f\ndef run():\n    return f()\n",
            tools="def f():\n    return 2\n",
        ),
    ),
    "what is imported before the way out of it": (
        main(
            "try:\n    from ours.tools import f\nexcept ImportError:\n    f = None\ndef run():\n    return f()\n",
            tools="def f():\n    return 1\n",
        ),
        main(
            "try:\n    from ours.tools import f\nexcept ImportError:\n    f = None\ndef run():\n    return f()\n",
            tools="def f():\n    return 2\n",
        ),
    ),
    "the condition of a definition": two(
        "import sys\nif sys.maxsize > 9:\n    K = 1\nelse:\n    K = 2\ndef run():\n    return K\n",
        "import sys\nif sys.maxsize < 9:\n    K = 1\nelse:\n    K = 2\ndef run():\n    return K\n",
    ),
    "what stands beside TYPE_CHECKING": two(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from os import sep as K\nelse:\n    K = 1\ndef run():\n    return K\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from os import sep as K\nelse:\n    K = 2\ndef run():\n    return K\n",
    ),
    "what no checker sees": two(
        "from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n    K = 1\ndef run():\n    return K\n",
        "from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n    K = 2\ndef run():\n    return K\n",
    ),
    "what is made of an import of the same name": (
        main("from ours.tools import K\nK = [*K, 1]\ndef run():\n    return K\n", tools="K = [1]\n"),
        main("from ours.tools import K\nK = [*K, 1]\ndef run():\n    return K\n", tools="K = [2]\n"),
    ),
    "what is done with a list called log": body("log = []\nlog.append(a)\nreturn log", "log = []\nlog.append(b)\nreturn log"),
    "a package that is used": two(
        "import numpy as n\ndef run(a):\n    return n.f(a)\n", "import torch as n\ndef run(a):\n    return n.f(a)\n"
    ),
    "what is taken from a package": two(
        "from numpy import f\ndef run(a):\n    return f(a)\n", "from numpy import g as f\ndef run(a):\n    return f(a)\n"
    ),
    "a script that is named": (
        main("from pathlib import Path\ndef run():\n    return Path(__file__).with_name('script.py')\n", script="print(1)\n"),
        main("from pathlib import Path\ndef run():\n    return Path(__file__).with_name('script.py')\n", script="print(2)\n"),
    ),
    "a file in a folder that is named": (
        main("P = 'pages'\ndef run():\n    return P\n") | {"ours/pages/a.html": "a"},
        main("P = 'pages'\ndef run():\n    return P\n") | {"ours/pages/a.html": "b"},
    ),
    "another file in a folder that is named": (
        main("P = 'pages'\ndef run():\n    return P\n") | {"ours/pages/a.html": "a"},
        main("P = 'pages'\ndef run():\n    return P\n") | {"ours/pages/a.html": "a", "ours/pages/b.css": ""},
    ),
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_it_changes_with(case, tmp_path):
    before, after = DIFFERENT[case]
    assert traced(tmp_path, before).code != traced(tmp_path, after).code
