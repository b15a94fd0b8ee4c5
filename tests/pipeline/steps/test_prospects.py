"""What a stage would refuse after hours is refused before the first one."""

import pytest

from imharmony.errors import InputError
from imharmony.storage.tables import read_table, write_rows
from opinion_study.tables import OPINIONS
from pipeline.__main__ import check
from pipeline.params.file import load_params
from pipeline.steps.paths import STUDIES
from pipeline.steps.prospects import check_prospects
from pipeline.steps.trials import try_variants
from tests.pipeline.params.edits import SHORT, replaced
from tests.reports import opinions

VGG = ("backbone: {name: classifier}", "backbone: {name: vgg19, file: nowhere.pth}")
SEES_VGG = ("layers: {classifier: {relu3: 1.0}}", "layers: {classifier: {relu3: 1.0}, vgg19: {relu3_4: 1.0}, squeezenet: {fire2: 1.0}}")
ENTRY = "file: a.csv, convention: pctnet, size_px: 64, columns: {name: N, mse: M}"


@pytest.fixture
def load(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def load(*changes: tuple[str, str]):
        (tmp_path / "params.yaml").write_text(replaced(SHORT, *changes))
        return load_params()

    return load


def test_parameters_that_nothing_refuses_pass(load, capsys):
    load()
    check()
    assert "as expected" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([("studies: []", "studies: [absent]")], "absent.parquet: no such table"),
        ([("sources: [photographs]", "sources: [photographs, mine]")], "mine: own/photographs is not there"),
        ([("sources: [photographs]", "sources: [photographs, published]")], "published: ../HCOCO is not there"),
        ([("sources: [photographs]", "sources: [photographs, mirrored]"), ("http://localhost", "mirror")], "mirrored: mirror is not there"),
        ([("sources: [photographs]", "sources: [photographs, mirrored]"), ("http://", "ftp://")], "mirror is 'ftp://localhost'"),
        (
            [("sources: [photographs]", "sources: [photographs, mirrored]"), ("splits: [val2017]", "splits: [val2017], images: some.csv")],
            "mirrored: some.csv is not there; expected a CSV file with a column image_id",
        ),
        ([VGG, SEES_VGG], "put nowhere.pth into"),
        ([(VGG[0], "backbone: {name: squeezenet, file: nowhere.npz}"), SEES_VGG], "nowhere.npz is not there"),
        ([("imported: {}", "imported: {a: {folder: ., outputs: {people: png}}}")], "outputs.people: png is not there"),
        ([("imported: {}", f"imported: {{a: {{folder: ., tables: {{people: {{{ENTRY}}}}}}}}}")], "a.csv: no such file"),
        (
            [("imported: {}", f"imported: {{a: {{folder: ., tables: {{people: {{{ENTRY.replace('64', '32')}}}}}}}}}")],
            "expected 64, at which",
        ),
        ([("      objects: {}\n", "      objects: {synthesis: null}\n")], "datasets.objects: its source has photographs alone"),
        (
            [("source: photographs\n", "source: mirrored\n"), ("sources: [ph", "sources: [mirrored, ph"), ("by: hash", "by: official")],
            "official",
        ),
        ([("device: auto", "device: cuda")], "machine.device is 'cuda'"),
    ],
)
def test_what_is_not_there_is_said(changes, told, load):
    if "cuda" in str(changes):
        torch = pytest.importorskip("torch")
        if torch.cuda.is_available():
            pytest.skip("there is one")
    params = load(*changes)
    with pytest.raises(InputError) as error:
        check_prospects(params)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: rows[0].update(mode="stars"), "mode is"),
        (lambda rows: rows[0].update(n_raters=None), "n_raters is empty in 1 rows"),
        (lambda rows: rows[0].update(method=rows[1]["method"]), "expected each once"),
        (lambda rows: rows.clear(), "no rows"),
    ],
)
def test_a_study_that_the_report_cannot_show_is_said(change, told, load):
    write_rows(STUDIES / "panel.parquet", opinions(), OPINIONS) if load(("studies: []", "studies: [panel]")) else None
    rows = read_table(STUDIES / "panel.parquet").to_pylist()
    check_prospects(load_params())
    change(rows)
    write_rows(STUDIES / "panel.parquet", rows, OPINIONS)
    with pytest.raises(InputError, match=told):
        check_prospects(load_params())


def test_a_table_that_lacks_a_column_is_said(load, tmp_path):
    params = load(("imported: {}", f"imported: {{a: {{folder: ., tables: {{people: {{{ENTRY}}}}}}}}}"))
    (tmp_path / "a.csv").write_text("N,other\na,1\n")
    with pytest.raises(InputError, match="no columns 'M', named for mse"):
        check_prospects(params)
    (tmp_path / "a.csv").write_text("N,M\na,1\n")
    check_prospects(params)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([("generator: {name: bargain,", "generator: {name: idih,")], "catalogue.codes: domain_codes with generator 'idih'"),
        ([("field_px: 16", "field_px: 142"), ("size_px: 64, width", "size_px: 32, width")], "catalogue.gan: a critic of 142 px needs"),
        ([("{name: patchgan, field_px: 16,", "{name: patchgan,")], "catalogue.gan: discriminator 'patchgan' got field_px None"),
        ([("{name: patchgan, field_px: 16,", "{name: disharmony,")], "called disharmony need each other"),
        ([("{name: patchgan, field_px: 16,", "{name: fcn, field_px: 16,")], "expected none, since it does not judge patches"),
        ([("gradient_penalty: 0.0", "gradient_penalty: 1.0")], "needs a discriminator without batch norms"),
        (
            [("{name: unet, width: 64, mask_input: false", "{name: rain, width: 64, mask_input: false")],
            "expected 4, the",
        ),
        (
            [("    init: xavier\n", "    init: xavier\n    side_weights: [1.0, 0.5]\n")],
            "side_weights has 2, generator",
        ),
        ([("evaluation: {size_px: 64}", "evaluation: {size_px: 48}")], "evaluation.size_px 48 after training.size_px 64"),
        ([("width: 64, mask_input: false", "width: 4096, mask_input: false"), ("width_factor: 0.25", "width_factor: 4")], "at most 4096"),
    ],
)
def test_networks_that_do_not_fit_are_said(changes, told, load):
    params = load(*changes)
    with pytest.raises(InputError) as error:
        try_variants(params)
    assert told in str(error.value)
    assert str(error.value).startswith("params.yaml: catalogue.")
    assert "\n" not in str(error.value)
