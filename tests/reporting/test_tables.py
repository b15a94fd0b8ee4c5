"""The documentation: its tables are those of the files, the README is short, and what it links to is there."""

import csv
import json
import re

import pytest

from imharmony.errors import InputError
from reporting.tables import pages, rewritten, write_tables
from tests.conftest import ROOT
from tests.pipeline.params.edits import SHORT, replaced

MINUS = "\N{MINUS SIGN}"
ROW = {
    "dataset": "people",
    "background": "composite",
    "quantisation": "uint8",
    "bucket": "all",
    "metric": "fmse",
    "low": 900,
    "high": 1100,
    "n_images": 12,
    "n_photographs": 10,
}
FACTS = {
    "profile": "coco",
    "data_hash": {"people": "0123456789abcdef"},
    "hardware": {"processor": "Intel(R) Xeon(R) Processor @ 2.80GHz", "cores": 2, "accelerators": []},
    "parameters": {"evaluation": {"size_px": 128}},
}


def published(root, rows):
    folder = root / "reports" / "published"
    folder.mkdir(parents=True)
    with (folder / "trial.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, sorted({key for row in rows for key in row}))
        writer.writeheader()
        writer.writerows(rows)
    (folder / "trial.parquet").touch()
    (folder / "trial.json").write_text(json.dumps(FACTS))


def scored(method, *, mean, difference=0.0, low=0.0, high=0.0, harm=0.0, **others):
    return (
        {"method": method, "mean": mean, "difference": difference, "difference_low": low, "difference_high": high, "harm_rate": harm}
        | ROW
        | others
    )


def table(root, call):
    return rewritten(f"<!-- table: {call} -->\nold\n<!-- end -->\n", root=root)


@pytest.mark.parametrize("page", pages(ROOT), ids=lambda page: page.name)
def test_tables_of_a_page_are_what_the_files_say(page):
    text = page.read_text(encoding="utf-8")
    assert rewritten(text, root=ROOT) == text, "run `python -m reporting tables`"


def test_the_readme_is_read_in_one_sitting():
    readme = ROOT / "README.md"
    assert readme.stat().st_size <= 10_000
    assert len(readme.read_text(encoding="utf-8").splitlines()) <= 150


def test_what_the_readme_links_to_is_there():
    for target in re.findall(r"\]\(([\w./#-]+)\)", (ROOT / "README.md").read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        headings = re.findall(r"^#+ (.+)$", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE) if anchor else []
        assert (ROOT / path).exists(), target
        assert not anchor or anchor in {heading.lower().replace(" ", "-") for heading in headings}, target


def test_every_table_of_measurements_is_on_a_page():
    text = "".join(page.read_text(encoding="utf-8") for page in (*pages(ROOT), ROOT / "reporting" / "starter.py"))
    assert [path.name for path in (ROOT / "benchmarks" / "results").glob("*.csv") if path.name not in text] == []


def test_results_are_sorted_and_bold_where_the_interval_is_below_zero(tmp_path):
    rows = [
        scored("unet", mean=1300, difference=300.4, low=200, high=400, harm=0.8),
        scored("idih", mean=900, difference=-100.6, low=-150, high=-50, harm=0.25),
        scored("affine", mean=990, difference=-10, low=-30, high=0, harm=0.5),
        scored("identity", mean=1000.4),
        scored("unet", mean=1, background="raw"),
    ]
    published(tmp_path, rows)
    lines = [line for line in table(tmp_path, "results trial").splitlines() if line.startswith("|")]
    assert lines[0] == "| method | `people`: 12 composites, 10 photographs | made worse |"
    assert lines[2:] == [
        "| untouched composite | 1,000 |  |",
        f"| `idih` | **{MINUS}101 ({MINUS}150 to {MINUS}50)** | 25 % |",
        f"| `affine` | {MINUS}10 ({MINUS}30 to 0) | 50 % |",
        "| `unet` | +300 (+200 to +400) | 80 % |",
    ]


def test_forms_as_published_follow_under_a_line_of_their_own(tmp_path, monkeypatch):
    rows = [scored("unet_code", mean=800, difference=-200, low=-300, high=-100), scored("idih", mean=900, difference=-100, low=-1, high=9)]
    rows += [scored("identity", mean=1000), scored("unet_paper", mean=700, difference=-300, low=-1, high=9)]
    forms = {"unet_code": "as_published", "unet_paper": "as_published", "idih": "mended"}
    monkeypatch.setitem(FACTS, "variants", {name: {"form": form} for name, form in forms.items()})
    published(tmp_path, rows)
    for kind in ("results trial", "means trial fmse"):
        lines = [line for line in table(tmp_path, kind).splitlines() if line.startswith("|")]
        assert [line.split(" |")[0] for line in lines[2:]] == [
            *("| untouched composite", "| `idih`", "| *as published*", "| `unet_paper`", "| `unet_code`"),
        ]
        assert len({line.count("|") for line in lines}) == 1


def test_raw_is_of_the_methods_own_pictures_and_means_of_the_pasted_ones(tmp_path):
    published(tmp_path, [scored("unet", mean=1.5), scored("unet", mean=7.25, background="raw")])
    pasted, own = (table(tmp_path, f"{kind} trial fmse") for kind in ("means", "raw"))
    assert "| `unet` | 1.50 (900.00 to 1100.00) |" in pasted
    assert "Protocol: the method's picture in the mask, the composite around it, rounded to whole levels." in pasted
    assert "| `unet` | 7.25 (900.00 to 1100.00) |" in own
    assert "Protocol `raw`: the method's own picture, background included, rounded to whole levels." in own


def test_results_name_their_protocol(tmp_path):
    published(tmp_path, [scored("identity", mean=1)])
    assert "Protocol: the method's picture in the mask" in table(tmp_path, "results trial")


def test_a_run_that_was_published_without_raw_rows_is_read_and_said(tmp_path):
    old = [{key: value for key, value in scored("unet", mean=1).items() if key not in ("background", "quantisation", "bucket")}]
    published(tmp_path, old)
    assert "| `unet` | 1.00" in table(tmp_path, "means trial fmse")
    with pytest.raises(InputError, match="no rows of 'fmse' with the background raw, rounded; expected some: publish the run again"):
        table(tmp_path, "raw trial fmse")


def test_of_fewer_than_ten_photographs_their_number_stands_in_the_place_of_an_interval(tmp_path):
    few = {"n_photographs": 9}
    rows = [scored("identity", mean=1000, **few), scored("idih", mean=900, difference=-100, low=-150, high=-50, harm=0.25, **few)]
    rows += [scored("unet", mean=950, difference=-50, low="", high="", harm=0.5, **few)]
    published(tmp_path, rows)
    lines = [line for line in table(tmp_path, "results trial").splitlines() if line.startswith("|")]
    assert lines[3:] == [f"| `idih` | {MINUS}100 (–, 9 photographs) | 25 % |", f"| `unet` | {MINUS}50 (–, 9 photographs) | 50 % |"]
    assert "| `idih` | 900.00 (–, 9 photographs) |" in table(tmp_path, "means trial fmse")


def test_a_run_says_which_machine_made_it(tmp_path):
    published(tmp_path, [scored("identity", mean=1)])
    assert "2 cores of Intel Xeon @ 2.80GHz" in table(tmp_path, "runs")


def test_a_run_says_what_stood_in_for_what(tmp_path, monkeypatch):
    monkeypatch.setitem(FACTS, "parameters", {"evaluation": {"size_px": 128}, "stand_ins": {"hcoco": "objects"}})
    published(tmp_path, [scored("identity", mean=1)])
    assert table(tmp_path, "results trial").splitlines()[-2].endswith(" Intel Xeon @ 2.80GHz. `objects` stands in for `hcoco`.")


def test_protocols_set_what_profiles_do_beside_what_papers_do(tmp_path):
    paper = "    protocol: {data: theirs, epochs: 1200, batch_size: 2, size_px: null, augment: [flip]}\n"
    changes = [
        ("  gan:\n", f"  gan:\n{paper}"),
        ("dataset: people", "dataset: things"),
        ("    training: {size_px: 64,", "    stand_ins: {things: objects}\n    training: {size_px: 64,"),
    ]
    (tmp_path / "params.yaml").write_text(replaced(SHORT, *changes))
    head, _, gan, idih, _codes = table(tmp_path, "protocols small").splitlines()[1:-1]
    assert head.endswith("| data set here | `small`: 64 px, widths \N{MULTIPLICATION SIGN} 0.25, batch 8, crop + flip |")
    assert gan == "| `gan` | theirs | 1,200 | 2 | native | flip | `things` | `objects`, 1 epoch |"
    assert idih == "| `idih` |" + " \N{EN DASH} |" * 5 + " `people` | `people`, 5 epochs |"
    left = [
        ("epochs: 1}", "epochs: null, batch_size: null, augment: null}"),
        *((f"  {name}:\n", f"  {name}:\n{paper}") for name in ("idih", "codes")),
    ]
    (tmp_path / "params.yaml").write_text(replaced(SHORT, *changes, *left))
    head, _, gan, *_ = table(tmp_path, "protocols small").splitlines()[1:-1]
    assert head.endswith("| `small`: 64 px, widths \N{MULTIPLICATION SIGN} 0.25 |")
    assert gan.endswith("| `objects`, 1,200 epochs, batch 2, flip |")


def test_measured_columns_without_content_are_left_out(tmp_path):
    (tmp_path / "speed.csv").write_text("what,ratio,note_in_words\nSSIM,5,\nMSE,,\n")
    assert table(tmp_path, "measured speed.csv").splitlines()[1:5] == [
        "| what | ratio |",
        "| --- | --- |",
        "| SSIM | 5 |",
        "| MSE | \N{EN DASH} |",
    ]


def test_a_benchmark_says_what_against_what_and_where(tmp_path):
    (tmp_path / "speed.csv").write_text("what,peer,ratio,ours,unit,machine,note,command\nSSIM,scikit-image,5,2,ms,EPYC,busy,make ssim\n")
    assert "| SSIM | scikit-image | 5\N{MULTIPLICATION SIGN}; 2 ms | EPYC; busy | `make ssim` |" in table(tmp_path, "speed speed.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<!-- table: runs -->\n| a |\n", "does not end"),
        ("<!-- table: curves -->\n<!-- end -->\n", "expected one of"),
        ("<!-- table: results nothing -->\n<!-- end -->\n", "python -m reporting publish NAME"),
    ],
)
def test_a_block_that_cannot_be_made_is_said(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        rewritten(text, root=tmp_path)


def test_the_command_rewrites_pages_in_place(tmp_path, monkeypatch):
    (tmp_path / "docs").mkdir()
    (tmp_path / "speed.csv").write_text("what\nSSIM\n")
    (tmp_path / "README.md").write_text("words\n")
    (tmp_path / "docs" / "page.md").write_text("# P\n\n<!-- table: measured speed.csv -->\n<!-- end -->\n")
    monkeypatch.chdir(tmp_path)
    write_tables()
    assert "| SSIM |" in (tmp_path / "docs" / "page.md").read_text()
    assert (tmp_path / "README.md").read_text() == "words\n"


def test_controls_are_a_table_of_their_run(tmp_path):
    published(tmp_path, [scored("idih", mean=100)])
    rows = "dataset,method,measure,mean,low,high,n_photographs\npeople,idih,swapped_loss,12,-3,27,20\n"
    (tmp_path / "reports" / "published" / "trial.controls.csv").write_text(rows)
    found = table(tmp_path, "controls trial people").splitlines()
    assert "| `idih` | – | – | +12 (−3 to +27) | – | – |" in found
    assert found[-2].startswith("Run `trial`: profile `coco`, 128 px")
    assert table(tmp_path, "runs").count("`trial`") == 1


def test_scores_without_a_mask_are_a_table_of_their_run(tmp_path):
    published(tmp_path, [scored("idih", mean=100)])
    head = "dataset,is_real,variant,system,reference_variant,reference,metric,value,low,high,n_pictures,n_photographs\n"
    (tmp_path / "reports" / "published" / "trial.blind.csv").write_text(head + "people,false,two_step,blind,,,mse,12,9,15,40,20\n")
    found = table(tmp_path, "blind trial people").splitlines()
    assert "| `two_step` | 12.00 (9.00 to 15.00) | – | – | – | – | – |" in found
    assert found[-2].startswith("Run `trial`: profile `coco`, 128 px")
    assert table(tmp_path, "runs").count("`trial`") == 1
