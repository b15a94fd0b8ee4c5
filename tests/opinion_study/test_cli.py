"""The command from composites to a report, and what it says to wrong input."""

import sys

import pyarrow.csv
import pytest

from imharmony.cli import main
from imharmony.storage.tables import read_table
from opinion_study.definition import definition_path, read_study
from tests.opinion_study.small import METHODS, SIZE, honest, vote_all

LIKING = {"real": 5, "sombre": 3, "composite": 2, "garish": 1}


@pytest.fixture
def call(monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["harmonize", "study", *map(str, arguments)])
        main()
        return capsys.readouterr().out

    return call


@pytest.fixture
def fails(call, capsys):
    """The one line of an error, without its beginning."""

    def fails(*arguments):
        capsys.readouterr()  # what came before
        with pytest.raises(SystemExit) as stop:
            call(*arguments)
        said = capsys.readouterr().err.splitlines()
        assert (stop.value.code, len(said)) == (2, 1)
        return said[0].removeprefix("error: ")

    return fails


@pytest.fixture
def options(composites, outputs, tmp_path):
    named = [f"{method}={folder}" for method, folder in outputs.items()]
    return ["create", "--dataset", composites, "--out", tmp_path / "new", "--images", 3, "--size", SIZE, "--method", *named]


def test_a_study_is_made_and_its_votes_are_reported(call, options, tmp_path):
    folder = tmp_path / "new"
    assert (
        call(*options).strip() == f"{folder}: 3 images x 4 methods, 15 trials for each of 30 raters; next: harmonize study serve {folder}"
    )
    study = read_study(folder)
    assert (study.name, study.mode, study.methods[2:], len(study.orders)) == ("new", "rating", list(METHODS), 30)
    vote_all(folder, {rater: honest(study, rater, LIKING) for rater in range(3)})
    said = call("report", folder, "--out", tmp_path / "o.parquet", "--votes", tmp_path / "votes.csv").splitlines()
    assert said[0].split() == ["method", "MOS", "95", "%", "interval", "votes", "raters"]
    assert [line.split()[:2] for line in said[1:5]] == [["real", "5.00"], ["sombre", "3.00"], ["composite", "2.00"], ["garish", "1.00"]]
    left_out = "left out for missed attention checks: 0; counted but not finished: 0"
    assert said[5:] == [f"{left_out}; Krippendorff's alpha, ordinal 1.00, interval 1.00"]
    call("report", folder, "--out", tmp_path / "o.csv")
    table = read_table(tmp_path / "o.parquet")
    assert pyarrow.csv.read_csv(tmp_path / "o.csv")["mos"].to_pylist() == table["mos"].to_pylist() == [2, 5, 3, 1]
    assert pyarrow.csv.read_csv(tmp_path / "votes.csv").num_rows == 45


def test_pairs_are_bounded_by_the_trials_and_reported_as_strengths(call, options, tmp_path):
    said = call(*options, "--mode", "pairs", "--trials", 12, "--attention", 0)
    assert "3 images x 4 methods, 12 trials for each of 30 raters" in said
    study = read_study(tmp_path / "new")
    vote_all(tmp_path / "new", {rater: honest(study, rater, LIKING) for rater in range(6)})
    head, first, *_, last = call("report", tmp_path / "new", "--out", tmp_path / "o.csv").splitlines()
    assert (head.split()[1], first.split()[0]) == ("strength", "real")
    assert last.endswith("Kendall's u 1.00")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--images", 0], "--images 0: expected 1 or more"),
        (["--size", 8], "--size 8: expected 16 or more"),
        (["--raters", 0], "--raters 0: expected 1 or more"),
        (["--trials", 0], "--trials 0: expected 1 or more"),
        (["--attention", -1], "--attention -1: expected 0 or more"),
        (["--attention", 13], "--attention 13: a rater has 12 trials; expected at most as many checks"),
        (["--images", 5], "--images 5: split 'test' has 4 photographs; expected at most as many, one image each"),
        (["--split", "exam"], "no composites in split 'exam'; expected one of ['test', 'train', 'val']"),
        (["--method", "nameless"], "--method nameless: expected NAME=PATH"),
        (["--method", "=x"], "--method =x: expected NAME=PATH"),
        (["--method", "real=x"], "'real' is in every study already; expected another name"),
        (["--method", "garish=x"], "'garish' is named twice; expected each method once"),
        (["--method", "Garish=x"], "'Garish' is named twice; expected each method once"),
        (["--method", "../x=x"], "its name is '../x'; expected 1 to 64 letters, digits, _ and -"),
        (["--method", "a\nb=x"], "expected 1 to 64 letters, digits, _ and -"),
        (["--size", 10**6], "--size 1000000: expected 4096 or less"),
        (["--raters", 10**9], "--raters 1000000000: expected 10000 or less"),
        (["--seed", -1], "--seed -1: expected 0 or more"),
        (["--seed", 10**30], "expected 9223372036854775807 or less"),
        (["--method", "lost=nowhere"], "nowhere: no such folder"),
        (["--method", "lost=nowhere.safetensors"], "nowhere.safetensors"),
        (["--dataset", "nowhere"], "nowhere: no manifest.parquet; expected a folder of composites"),
    ],
)
def test_wrong_options_leave_no_study(more, message, fails, options, tmp_path):
    assert message in fails(*options, *more)
    assert not (tmp_path / "new").exists()


def test_a_study_is_never_overwritten(call, fails, options, tmp_path):
    call(*options)
    before = definition_path(tmp_path / "new").read_bytes()
    assert fails(*options, "--seed", 1) == f"{tmp_path / 'new'}: exists already; expected a new folder; remove it or name another"
    assert definition_path(tmp_path / "new").read_bytes() == before


def test_a_report_needs_a_study_with_votes_and_a_known_ending(fails, rating, tmp_path):
    assert "no study.json; expected a study" in fails("report", tmp_path / "none", "--out", "o.csv")
    assert "no votes yet; expected some" in fails("report", rating, "--out", "o.csv")
    assert "o.txt: expected a name that ends in .parquet or .csv" in fails("report", rating, "--out", "o.txt")
    assert "v.txt: expected a name that ends in .parquet or .csv" in fails("report", rating, "--out", "o.csv", "--votes", "v.txt")
    assert "--misses -1: expected 0 or more" in fails("report", rating, "--out", "o.csv", "--misses", -1)
    assert "no study.json; expected a study" in fails("serve", tmp_path / "none")


def test_without_the_servers_packages_serve_says_what_to_install(fails, rating, monkeypatch):
    for name in ("opinion_study.serving", "imharmony.web.serving"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert fails("serve", rating) == "study serve needs FastAPI and uvicorn, which are not installed; pip install 'imharmony[study]'"
