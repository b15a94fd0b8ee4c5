"""Tables of opinions: those that are named, whole, or an error that says which."""

import pytest

from imharmony.errors import InputError
from imharmony.storage.tables import read_table, write_rows, write_table
from opinion_study.tables import OPINIONS
from pipeline.steps.paths import STUDIES
from pipeline.steps.studies import read_opinions
from reporting.opinions import opinion_studies
from tests.reports import opinions


@pytest.fixture(autouse=True)
def _two_studies(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_rows(STUDIES / "panel.parquet", opinions(), OPINIONS)
    write_rows(STUDIES / "choices.parquet", opinions("pairs"), OPINIONS)


def test_studies_stand_under_the_names_of_their_files_in_the_order_of_the_parameters():
    table = read_opinions(["choices", "panel"])
    assert table.schema.equals(OPINIONS)
    assert table["study"].to_pylist() == ["choices"] * 4 + ["panel"] * 4
    assert [(study.name, study.mode) for study in opinion_studies(table)] == [("choices", "pairs"), ("panel", "rating")]


def test_without_studies_there_are_no_opinions():
    table = read_opinions([])
    assert (table.num_rows, opinion_studies(table)) == (0, [])


def test_methods_are_sorted_by_what_the_study_is_about_and_the_unjudged_come_last():
    for study in opinion_studies(read_opinions(["panel", "choices"])):
        assert [row["method"] for row in study.rows] == ["real", "composite", "idih", "lost"]
        assert (study.raters, study.images, study.left_out, study.unfinished) == (3, 20, 2, 1)


def test_what_is_missing_or_other_is_named():
    write_table(STUDIES / "other.parquet", read_table(STUDIES / "panel.parquet").drop_columns(["mos"]))
    write_table(STUDIES / "empty.parquet", OPINIONS.empty_table())
    (STUDIES / "cut.parquet").write_bytes((STUDIES / "panel.parquet").read_bytes()[:100])
    messages = {
        "none": r"studies/none\.parquet: no such table, which `studies` in params\.yaml names; write it with `harmonize study report STUDY",
        "other": r"studies/other\.parquet: columns are .*; expected \['study', ",
        "empty": r"studies/empty\.parquet: no rows; expected one for each method",
        "cut": r"studies/cut\.parquet: not a whole Parquet file",
    }
    for name, message in messages.items():
        with pytest.raises(InputError, match=message):
            read_opinions(["panel", name])
