"""What stands beside the reports' tables: complete, of known names, and at one with the published scores."""

import pytest

from imharmony.baselines import BASELINES
from imharmony.errors import InputError
from pipeline.params.file import load_params
from pipeline.params.training import INTRINSIC
from reporting.published_scores import PUBLISHED_SCORES, read_published
from reporting.side_by_side_file import SIDE_BY_SIDE, read_described
from tests.conftest import ROOT

GOOD = """
"000":
  title: t
  tables:
    - name: Table 1
      metrics: [mse]
      convention: headline
      datasets: [people]
      protocol: p
      why: w
      rows:
        - {printed: x, published: [U-Net GAN, "report 000, photograph 1"], methods: [unet]}
  figures: []
"""


@pytest.fixture(scope="module")
def published():
    return read_published(ROOT / PUBLISHED_SCORES)


@pytest.fixture(scope="module")
def reports(published):
    return read_described(published, ROOT / SIDE_BY_SIDE)


def test_all_five_reports_are_described_with_tables_and_figures(reports):
    assert list(reports) == ["000", "001", "002", "003", "004"]
    assert all(report.tables and report.figures for report in reports.values())


def test_every_score_that_a_report_prints_is_in_one_of_its_tables(reports, published):
    for number, report in reports.items():
        printed = {(row["system"], table.test_set) for table in published for row in table.rows if row["source"] == f"report {number}"}
        shown = {row.published for table in report.tables for row in table.rows if row.published}
        assert printed <= shown, printed - shown


def test_methods_data_sets_and_sections_have_names_that_exist(reports):
    params = load_params(ROOT / "params.yaml")
    datasets = {name for profile in params.profiles.values() for name in profile.datasets}
    tables = [table for report in reports.values() for table in report.tables]
    details = [report.details for report in reports.values() if report.details]
    assert {method for table in tables for row in table.rows for method in row.methods} <= {*params.catalogue, *BASELINES, INTRINSIC}
    assert {method for one in details for method in one.methods} <= {*params.catalogue, *BASELINES, INTRINSIC}
    assert {name for table in tables for name in table.datasets} <= datasets
    sections = {path.name.removesuffix(".html.j2") for path in (ROOT / "reporting" / "templates").glob("*.html.j2")}
    linked = {figure.section for report in reports.values() for figure in report.figures if figure.section}
    assert linked <= {*datasets, *sections, "details", "distributions"}


def test_a_described_table_is_read(published, tmp_path):
    (tmp_path / "d.yaml").write_text(GOOD)
    (table,) = read_described(published, tmp_path / "d.yaml")["000"].tables
    assert table.rows[0].methods == ("unet",)


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        ("U-Net GAN", "U-Nett GAN", r"published is \['U-Nett GAN', .*expected system and test set of a row"),
        ("convention: headline", "convention: photoshop", r"convention of 'x' is 'photoshop'; expected one of \['report_000_code', 'diff"),
        ("[mse]", "[mse, niqe]", r"metric is 'niqe'; expected one of \['mse', 'psnr', 'lpips'\]"),
        ("[mse]", "[mse, lpips]", r"metric 'lpips' of .* is not in published_scores\.csv"),
        ("methods: [unet]", "method: [unet]", "unknown key; remove it or check its spelling"),
        ("methods: [unet]", "methods: []", "give one of the two"),
        ("datasets: [people]", "datasets: []", "'x' has methods and the table no datasets"),
        ('U-Net GAN, "report 000, photograph 1"', "style HSV, HCOCO", r"'x' has convention 'headline'; .* says 'dovenet'"),
        ("rows:", "rows: [", "not valid YAML"),
    ],
)
def test_a_spoilt_description_is_refused(was, becomes, message, published, tmp_path):
    assert was in GOOD
    (tmp_path / "d.yaml").write_text(GOOD.replace(was, becomes))
    with pytest.raises(InputError, match=message):
        read_described(published, tmp_path / "d.yaml")


def test_an_absent_description_is_named(published, tmp_path):
    with pytest.raises(InputError, match=r"d\.yaml: no such file"):
        read_described(published, tmp_path / "d.yaml")
