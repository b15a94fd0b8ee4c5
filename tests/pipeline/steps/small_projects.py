"""Projects of a few lines, whose function ``run`` of ``ours/main.py`` is followed."""

import shutil
from pathlib import Path
from textwrap import dedent

from pipeline.steps.source_code import SourceCode, Trace

Files = dict[str, str]


def traced(folder: Path, files: Files, **options) -> Trace:
    """What ``run`` of ``ours/main.py`` runs, of a project of these files."""
    shutil.rmtree(folder / "project", ignore_errors=True)
    for name, text in {"ours/__init__.py": "", **files}.items():
        path = folder / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    left_out = options.pop("left_out", ())
    return SourceCode(folder / "project", ("ours", "more"), left_out=left_out).trace("ours.main", "run", **options)


def main(text: str, **others: str) -> Files:
    """A project of ``ours/main.py`` and others beside it."""
    return {"ours/main.py": text} | {f"ours/{name}.py": other for name, other in others.items()}


def two(before: str, after: str, **others: str) -> tuple[Files, Files]:
    return main(before, **others), main(after, **others)


def body(before: str, after: str, *, above: str = "") -> tuple[Files, Files]:
    """Two functions ``run`` of these bodies."""
    return two(*(f"{above}\ndef run(a, b):\n    {text.replace(chr(10), chr(10) + '    ')}\n" for text in (before, after)))
