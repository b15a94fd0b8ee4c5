"""The fingerprints of the real project: every cell can be traced, and what changes nothing leaves them all as they are."""

import ast
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from imharmony.errors import InputError
from pipeline.params.file import load_params
from pipeline.steps import choices
from pipeline.steps.cells import cells_of
from pipeline.steps.fingerprints import LEFT_OUT, OTHERS, OURS, PACKAGES, facts_of, fingerprints_of, read_fingerprint, source_code
from pipeline.steps.source_code import SourceCode
from tests.conftest import ROOT

TABLES = [table for table in vars(choices).values() if isinstance(table, tuple) and len(table) == 2 and table[0].startswith("imharmony.")]
STAGES = sorted(path.stem for path in (ROOT / "stages").glob("*.py") if path.stem not in {"__init__", "fingerprint"})


@pytest.fixture(scope="module")
def code() -> SourceCode:
    return source_code(ROOT)


@pytest.fixture(scope="module")
def params():
    """The project's, with another variant and every system."""
    params = load_params(ROOT / "params.yaml")
    return params.model_copy(update={"variants": [*params.variants, "idih"], **dict(params.systems)})


def codes(code: SourceCode, params) -> dict[str, str]:
    """The hash of each cell."""
    return {cell.address: found.code for cell, found in fingerprints_of(params, code=code)}


@pytest.fixture(scope="module")
def real(code, params) -> dict[str, str]:
    return codes(code, params)


def copied(target: Path) -> SourceCode:
    """Our packages below a folder, to be changed there."""
    for package in OURS:
        shutil.copytree(ROOT / package, target / package, ignore=shutil.ignore_patterns("__pycache__"))
    return source_code(target)


def sources(target: Path) -> Iterator[Path]:
    for package in OURS:
        yield from sorted((target / package).rglob("*.py"))


@pytest.mark.parametrize("table", [*TABLES, *((choices.LOSSES, name) for name in ("ADVERSARIAL_LOSSES", "RECONSTRUCTION_LOSSES"))])
def test_a_table_that_cells_choose_from_is_where_they_say(table, code):
    assert code.resolve(table) == table
    assert len(code.module(table[0]).definitions[table[1]]) == 1


@pytest.mark.parametrize("profile", ["sample", "coco", "full"])
def test_every_cell_of_every_profile_is_traced(profile, code, params):
    found = dict.fromkeys(cell.address for cell in cells_of(params.model_copy(update={"profile": profile})))
    assert codes(code, params.model_copy(update={"profile": profile})).keys() == found.keys()


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_left_out_is_there(name, code):
    module, _, definition = name.rpartition(".")
    assert code.module(name) is not None or definition in code.module(module).definitions


@pytest.mark.parametrize("stage", STAGES)
def test_every_package_that_a_stage_reaches_counts_or_is_excused(stage, code):
    reached = code.trace(f"stages.{stage}", "main").packages - sys.stdlib_module_names
    assert reached <= PACKAGES.keys() | OTHERS.keys()


def test_packages_that_count_or_are_excused_are_reached_and_installed_by_these_names(code):
    reached = frozenset().union(*(code.trace(f"stages.{stage}", "main").packages for stage in STAGES))
    assert PACKAGES.keys() | OTHERS.keys() <= reached
    assert not PACKAGES.keys() & OTHERS.keys()
    installed = packages_distributions()
    # Where several distributions bring one package, one of them names its version.
    named = {name: [re.sub(r"[-_.]+", "-", each).lower() for each in installed[name]] for name in PACKAGES if name in installed}
    assert {name for name, found in named.items() if PACKAGES[name].replace(".", "-") not in found} == set()


def test_every_file_beside_the_code_counts_for_the_report_but_for_pages_the_starter_and_the_mark_of_types(code):
    named = code.trace("stages.report", "main").files
    others = [path for package in OURS for path in (ROOT / package).rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"}]
    assert {path for path in others if not {path, *path.parents} & named} == {
        *(ROOT / "opinion_study" / "page").iterdir(),
        ROOT / "imharmony" / "py.typed",
        *(path for folder in ("page", "static") for path in (ROOT / "imharmony" / "web" / folder).rglob("*") if path.is_file()),
        *(path for path in (ROOT / "imharmony" / "starter").iterdir() if path.is_file() and path.suffix != ".py"),
    }


def test_formatting_and_comments_of_every_file_change_nothing(tmp_path, real, params):
    code = copied(tmp_path)
    for path in sources(tmp_path):
        path.write_text("# Another comment.\n" + ast.unparse(ast.parse(path.read_text())))
    assert codes(code, params) == real


def test_docstrings_change_nothing(tmp_path, real, params):
    code = copied(tmp_path)
    for path in sources(tmp_path):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            first = node.body[0] if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
                first.value.value = "Says something else."
        path.write_text(ast.unparse(tree))
    assert codes(code, params) == real


def test_other_names_of_all_private_functions_and_classes_change_nothing(tmp_path, real, params):
    code = copied(tmp_path)
    for path in sources(tmp_path):
        if path.name == "compphoto_runner.py":
            continue  # started by its path, so it counts as it is written
        text = path.read_text()
        tree = ast.parse(text)
        arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        for node in tree.body:
            is_private = isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name.startswith("_")
            if is_private and node.name not in arguments and f".{node.name}" not in text:
                text = re.sub(rf"(?<![\w.\"'])({node.name})\b(?!=[^=])", r"\1_by_another_name", text)
        path.write_text(text)
    assert codes(code, params) == real


MOVES = {
    "imharmony.composing.limits": "imharmony.pictures.plausibility",
    "imharmony.training.loop": "imharmony.running.epochs",
    "pipeline.steps.assembly": "pipeline.steps.deeper.parts",
    "imharmony.networks.unet": "imharmony.networks.ushaped.plain",
}


def test_modules_that_move_with_their_importers_change_nothing(tmp_path, real, params):
    code = copied(tmp_path)
    for module, to in MOVES.items():
        target = tmp_path.joinpath(*to.split(".")).with_suffix(".py")
        target.parent.mkdir(exist_ok=True)
        (target.parent / "__init__.py").touch()
        shutil.move(tmp_path.joinpath(*module.split(".")).with_suffix(".py"), target)
    named = re.compile(rf"\b({'|'.join(map(re.escape, MOVES))})\b")
    for path in sources(tmp_path):
        path.write_text(named.sub(lambda found: MOVES[found[0]], path.read_text()))
    assert codes(code, params) == real


def test_a_definition_that_moves_to_a_module_of_its_own_changes_nothing(tmp_path, real, params):
    code = copied(tmp_path)
    old, new = (tmp_path / "imharmony" / "running" / f"{name}.py" for name in ("seeds", "hashes"))
    new.write_text(old.read_text())
    names = [node.name for node in ast.parse(old.read_text()).body if isinstance(node, ast.FunctionDef)]
    old.write_text(f"from imharmony.running.hashes import {', '.join(names)}\n")
    assert codes(code, params) == real


CHANGES: dict[str, tuple[str, Callable[[str], str], set[str]]] = {
    "a network concerns the variants that are made of it": (
        "imharmony/networks/idih.py",
        lambda text: text.replace("return ", "return 0 + ", 1),
        {"train@idih", "evaluate@idih"},
    ),
    "the loss between frames concerns what learns from clips": (
        "imharmony/losses/temporal.py",
        lambda text: text.replace("return ", "return 0 + ", 1),
        {"train_video@unet_video", "train_video@unet_frames", "train_video@regions_video", "train_video@regions_frames"},
    ),
    "a baseline concerns itself": (
        "imharmony/baselines/multiband.py",
        lambda text: re.sub(r"return ", "return 0 + ", text, count=1),
        {"evaluate_baselines@multiband"},
    ),
    "what no cell runs concerns none": (
        "imharmony/cli.py",
        lambda text: re.sub(r"return ", "return 0 + ", text, count=1),
        set(),
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_change_of(case, tmp_path, real, params):
    name, change, concerned = CHANGES[case]
    code = copied(tmp_path)
    text = (tmp_path / name).read_text()
    assert change(text) != text
    (tmp_path / name).write_text(change(text))
    after = codes(code, params)
    # The report runs networks too, for its pictures.
    assert {cell for cell in real if after[cell] != real[cell]} - {"report"} == concerned


def test_a_fingerprint_is_read_as_it_was_written(tmp_path, params):
    cell, found = next(iter(fingerprints_of(params)))
    (tmp_path / "one").write_text(found.text())
    assert read_fingerprint(tmp_path / "one") == found
    assert found.values == cell.values
    assert facts_of(tmp_path / "one") == {"code": found.code, "packages": found.packages}


def test_a_missing_fingerprint_names_its_stage(tmp_path):
    with pytest.raises(InputError, match="none: no such file; run the stage fingerprint"):
        read_fingerprint(tmp_path / "none")


def test_of_builds_of_one_version_for_other_hardware_the_version_counts(params, code, monkeypatch):
    before = [found.packages for _, found in fingerprints_of(params, code=code)]
    monkeypatch.setattr("pipeline.steps.fingerprints.version", lambda _name: "2.0+cu130")
    assert {version for _, found in fingerprints_of(params, code=code) for version in found.packages.values()} == {"2.0"}
    assert any("torch" in packages for packages in before)
