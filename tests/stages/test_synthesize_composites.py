"""The stage reads the selection and the photographs of the active profile and writes composites."""

import shutil

import pytest

from imharmony.errors import InputError
from imharmony.storage.tables import read_table
from stages.synthesize_composites import main
from tests.photographs import rows_of, write_world
from tests.workspace import give_fingerprints


@pytest.fixture
def workspace(tmp_path, root, monkeypatch):
    shutil.copy(root / "params.yaml", tmp_path)
    selected, images = write_world(tmp_path, rows_of(categories=["person"]))
    for folder, kind in ((selected, "selected"), (images, "images")):
        (tmp_path / "data" / "sample" / kind).mkdir(parents=True)
        folder.rename(tmp_path / "data" / "sample" / kind / "people")
    give_fingerprints(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_writes_the_composites_and_leaves_no_work_behind(workspace):
    main("people")
    out = workspace / "data" / "sample" / "composites" / "people"
    manifest = read_table(out / "manifest.parquet")
    assert set(manifest["dataset"].to_pylist()) == {"people"}
    assert set(manifest["split"].to_pylist()) == {"train", "val", "test"}
    assert list((workspace / ".work" / "synthesize_composites").iterdir()) == []


@pytest.mark.usefixtures("workspace")
def test_an_unknown_data_set_is_named():
    with pytest.raises(InputError, match="data set is 'cats'; expected one of"):
        main("cats")
