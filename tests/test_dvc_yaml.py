"""dvc.yaml tells DVC the truth: every stage lists the code that it runs and reads the parameters that exist."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.code import code_reached_from, update_deps

ROOT = Path(__file__).resolve().parent.parent
STAGES = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("name", STAGES)
def test_stage_depends_on_the_code_it_runs(name):
    missing = code_reached_from(f"stages.{name}") - set(STAGES[name]["deps"])
    assert not missing, f"run `python -m pipeline deps`; {name} misses {sorted(missing)}"


@pytest.mark.parametrize("name", STAGES)
def test_stage_depends_on_no_code_that_it_does_not_run(name):
    listed = {dep for dep in STAGES[name]["deps"] if dep.endswith(".py")}
    assert listed == code_reached_from(f"stages.{name}")


@pytest.mark.parametrize("name", STAGES)
def test_stage_is_named_like_its_file_and_carries_scheduling_hints(name):
    assert f"python -m stages.{name}" in STAGES[name]["cmd"]
    assert STAGES[name]["meta"]["slot"] in {"cpu", "network", "gpu"}


def test_every_stage_file_is_a_stage():
    files = {path.stem for path in (ROOT / "stages").glob("*.py")} - {"__init__"}
    assert files == set(STAGES)


def test_a_new_import_is_noticed(tmp_path, monkeypatch):
    (tmp_path / "stages").mkdir()
    (tmp_path / "harmonization").mkdir()
    (tmp_path / "harmonization" / "inner.py").write_text("X = 1\n")
    (tmp_path / "harmonization" / "outer.py").write_text("def f():\n    from harmonization.inner import X\n    return X\n")
    (tmp_path / "stages" / "one.py").write_text("import harmonization.outer\n")
    (tmp_path / "dvc.yaml").write_text("stages:\n  one:\n    cmd: python -m stages.one\n    deps:\n      - stages/one.py\n      - data/x\n")
    monkeypatch.chdir(tmp_path)
    assert code_reached_from("stages.one") == {"stages/one.py", "harmonization/outer.py", "harmonization/inner.py"}
    assert update_deps() == ["one"]
    deps = YAML(typ="safe").load(tmp_path / "dvc.yaml")["stages"]["one"]["deps"]
    assert deps == ["harmonization/inner.py", "harmonization/outer.py", "stages/one.py", "data/x"]
    assert update_deps() == []
