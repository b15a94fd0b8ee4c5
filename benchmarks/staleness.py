"""What goes stale when the project grows: ``python -m benchmarks.staleness`` adds one thing of each kind and lists the cells that must run.

In throw-away copies of the project it adds a variant, a loss, a network, a transfer, a metric and a data set, edits comments and docstrings
everywhere, renames a private helper and moves a module, each alone. Stale is what ``python -m pipeline run --dry-run`` says: cells that
are new, and cells whose fingerprint changes. What lies behind a stale cell runs if that writes something else. Nothing is trained.
"""

import argparse
import ast
import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ruamel.yaml import YAML

from pipeline.params.drawing import draw

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "benchmarks" / "results" / "staleness.csv"
PACKAGES = ("imharmony", "opinion_study", "pipeline", "reporting", "stages")
LISTING = """
import json
from pipeline.params.file import load_params
from pipeline.steps.fingerprints import fingerprints_of
print(json.dumps({cell.address: found.text() for cell, found in fingerprints_of(load_params()) if cell.entry[0].startswith("stages.")}))
"""
Change = Callable[[Path], None]


def edit(folder: Path, name: str, old: str, new: str) -> None:
    """Replaces one text in a file."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    if text.count(old) < 1:
        raise SystemExit(f"{name}: expected {old!r} in it; this benchmark is out of date")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def add_import(folder: Path, name: str, line: str) -> None:
    """Another import beside those of a module."""
    edit(folder, name, "\nfrom imharmony.", f"\n{line}\nfrom imharmony.")


def edit_params(folder: Path, change: Callable[[dict], None]) -> None:
    """Changes params.yaml."""
    yaml, path = YAML(), folder / "params.yaml"
    tree = yaml.load(path)
    change(tree)
    yaml.dump(tree, path)


def add_variant(folder: Path) -> None:
    """A section under ``catalogue`` and its name in the list."""

    def add(tree: dict[str, Any]) -> None:
        tree["catalogue"]["another"] = dict(tree["catalogue"]["idih"])
        tree["variants"].append("another")

    edit_params(folder, add)


def add_loss(folder: Path) -> None:
    """A function and an entry in its table."""
    loss = '\n\ndef huber(output, real, mask):\n    """Another."""\n    return torch.nn.functional.huber_loss(output, real)\n'
    path = folder / "imharmony" / "losses" / "reconstruction.py"
    path.write_text(path.read_text(encoding="utf-8") + loss, encoding="utf-8")
    edit(folder, "imharmony/losses/__init__.py", '    "l1": l1,\n', '    "l1": l1,\n    "huber": huber,\n')
    edit(folder, "imharmony/losses/__init__.py", "    hsv_l1,\n", "    hsv_l1,\n    huber,\n")


def add_network(folder: Path) -> None:
    """A module and an entry in its table."""
    shutil.copy(folder / "imharmony" / "networks" / "unet.py", folder / "imharmony" / "networks" / "another.py")
    edit(folder, "imharmony/networks/__init__.py", '    "affine": affine,\n', '    "affine": affine,\n    "another": another,\n')
    add_import(folder, "imharmony/networks/__init__.py", "from imharmony.networks.another import unet as another")


def add_transfer(folder: Path) -> None:
    """A function and an entry in its table."""
    path = folder / "imharmony" / "transfer" / "another.py"
    path.write_text('"""Another."""\n\n\ndef another(source, reference):\n    """Nothing."""\n    return source\n', encoding="utf-8")
    edit(folder, "imharmony/transfer/__init__.py", '    "mkl": ', '    "another": ByReference(rgb_covariance, another),\n    "mkl": ')
    add_import(folder, "imharmony/transfer/__init__.py", "from imharmony.transfer.another import another")


def add_metric(folder: Path) -> None:
    """An entry in the table of measures."""
    name = "imharmony/evaluation/measures.py"
    entry = (
        "    Measure(\n" + (folder / name).read_text(encoding="utf-8").partition("    Measure(\n")[2].partition("    ),\n")[0] + "    ),\n"
    )
    edit(folder, name, "    Measure(\n", entry.replace('"mse"', '"another"') + "    Measure(\n")


def change_loss(folder: Path) -> None:
    """What a loss divides by that some variants name."""
    edit(
        folder,
        "imharmony/losses/reconstruction.py",
        "return _per_area((output - real).square(), mask)",
        "return 2 * _per_area((output - real).square(), mask)",
    )


def change_network(folder: Path) -> None:
    """A constant of a network that one variant names."""
    edit(folder, "imharmony/networks/rain.py", "EPSILON = 1e-5", "EPSILON = 2e-5")


def change_transfer(folder: Path) -> None:
    """A rounding of a transfer that one data set names."""
    edit(folder, "imharmony/transfer/lut.py", "return np.rint(", "return np.floor(")


def add_baseline(folder: Path) -> None:
    """A module, an entry in its table, and its name in params.yaml."""
    shutil.copy(folder / "imharmony" / "baselines" / "mkl.py", folder / "imharmony" / "baselines" / "another.py")
    edit(folder, "imharmony/baselines/__init__.py", '    "mkl": mkl,\n', '    "mkl": mkl,\n    "another": another,\n')
    add_import(folder, "imharmony/baselines/__init__.py", "from imharmony.baselines.another import mkl as another")
    edit_params(folder, lambda tree: tree["baselines"].append("another"))


def add_dataset(folder: Path) -> None:
    """A section under ``defaults.datasets`` and its name."""

    def change(tree: dict) -> None:
        tree["datasets"].append("another")
        tree["preprocessed"].append("another")
        tree["defaults"]["datasets"]["another"] = dict(tree["defaults"]["datasets"]["luminance"])
        own = tree["profiles"][tree["profile"]]["datasets"]
        own["another"] = dict(own["luminance"])  # split as all of its source are

    edit_params(folder, change)


def edit_comments(folder: Path) -> None:
    """Every file of ours without its comments and its layout, every docstring another."""
    for package in PACKAGES:
        for path in (folder / package).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(node):
                    node.body[0] = ast.Expr(ast.Constant("Other words."))
            path.write_text(ast.unparse(ast.fix_missing_locations(tree)) + "\n", encoding="utf-8")


def rename_helper(folder: Path) -> None:
    """A private function that every training calls."""
    path = folder / "imharmony" / "training" / "steps.py"
    path.write_text(re.sub(r"\b_descend\b", "_one_step_down", path.read_text(encoding="utf-8")), encoding="utf-8")


def move_module(folder: Path) -> None:
    """A module that data stages and trainings import."""
    (folder / "imharmony" / "running" / "seeds.py").rename(folder / "imharmony" / "running" / "names_to_numbers.py")
    for package in PACKAGES:
        for path in (folder / package).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            if "imharmony.running.seeds" in text:
                path.write_text(text.replace("imharmony.running.seeds", "imharmony.running.names_to_numbers"), encoding="utf-8")


CHANGES: dict[str, tuple[Change, str]] = {  # and what must go stale
    "a variant": (add_variant, "the names of what is read, its training, its scores, the report"),
    "a loss that no variant names": (add_loss, "nothing"),
    "a network that no variant names": (add_network, "nothing"),
    "a transfer that no data set names": (add_transfer, "nothing"),
    "a baseline": (add_baseline, "its scores, the report"),
    "a metric": (add_metric, "all scores, the report; no training"),
    "a data set": (add_dataset, "its own stages, the names of what is read, all scores, the report"),
    "a changed loss, mask_weighted_mse": (change_loss, "the trainings that name it: idih, affine"),
    "a changed network, rain": (change_network, "the training and the scores of rainnet, the report"),
    "a changed transfer, lut": (change_transfer, "the data sets that name it: objects, graded"),
    "comments and docstrings everywhere": (edit_comments, "nothing"),
    "a private helper's name": (rename_helper, "nothing"),
    "a module's place": (move_module, "nothing"),
}


def fingerprints(folder: Path) -> dict[str, str]:
    """Every cell's fingerprint in a copy of the project."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", LISTING], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def stale(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Cells that are new or have another fingerprint."""
    return sorted(name for name, text in after.items() if before.get(name) != text)


def counted(cells: list[str]) -> str:
    """Cells by stage."""
    stages = [cell.partition("@")[0] for cell in cells]
    return ", ".join(f"{stages.count(name)} {name}" for name in dict.fromkeys(stages)) or "none"


def main() -> None:
    """Prints the table; ``--write`` keeps it for the documentation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"write {RESULT.relative_to(ROOT)}")
    arguments = parser.parse_args()
    rows = []
    with TemporaryDirectory() as temporary:
        for number, (name, (change, must)) in enumerate({"": (lambda _: None, ""), **CHANGES}.items()):
            folder = Path(temporary, str(number))
            for package in PACKAGES:
                shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
            shutil.copy(ROOT / "params.yaml", folder)
            draw(["all"], folder / "params.yaml")
            if not name:
                before = fingerprints(folder)
                continue
            change(folder)
            cells = stale(before, fingerprints(folder))
            rows.append({"added or changed": name, "must go stale": must, "goes stale": counted(cells), "cells": len(cells)})
            print(f"{name}: {len(cells)} of {len(before)} cells stale ({counted(cells)}); must: {must}")
    if arguments.write:
        with RESULT.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
