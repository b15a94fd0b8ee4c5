"""``harmonize score --realism``: a row for each picture, labels that are given, and one line for what is wrong."""

import csv
import sys

import numpy as np
import pytest
from PIL import Image

from imharmony import cli
from imharmony.realism.critic import RealismCritic, save_critic
from imharmony.realism.database import build_database, save_database
from imharmony.realism.judging import JUDGES
from imharmony.realism.local import local_emd
from tests.imharmony.realism.pictures import box, noisy, tinted


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Twelve photographs, a tinted composite of each, their masks, and judges."""
    for name in ("pictures", "masks"):
        (tmp_path / name).mkdir()
    for seed in range(12):
        for name, picture in ((f"real{seed}", noisy(seed)), (f"pasted{seed}", tinted(noisy(seed), box()))):
            Image.fromarray(picture).save(tmp_path / "pictures" / f"{name}.png")
            Image.fromarray((255 * box()).astype(np.uint8)).save(tmp_path / "masks" / f"{name}.png")
    database = build_database([noisy(seed) for seed in range(50, 54)], [box()] * 4, bins=6, textons=4, neighbours=2, seed=0)
    save_database(tmp_path / "database.safetensors", database, {})
    save_critic(tmp_path / "critic.safetensors", RealismCritic(width=2), size_px=32, metadata={})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(monkeypatch, capsys, *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["harmonize", "score", *arguments])
    try:
        cli.main()
    except SystemExit as ended:
        code = ended.code
    else:
        code = 0
    captured = capsys.readouterr()
    return int(code or 0), captured.out, captured.err


def rows_of(path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_pictures_and_masks_give_a_row_each_by_the_local_judge_alone(folder, monkeypatch, capsys):
    given = ["pictures/real0.png", "masks/real0.png", "pictures/pasted0.png", "masks/pasted0.png"]
    code, out, err = run(monkeypatch, capsys, "--realism", *given, "--out", "rows.csv")
    assert (code, err) == (0, "")
    rows = rows_of(folder / "rows.csv")
    assert [float(row["local_emd"]) for row in rows] == [local_emd(noisy(0), box()), local_emd(tinted(noisy(0), box()), box())]
    assert {row[name] for row in rows for name in JUDGES if name != "local_emd"} == {""}
    lines = out.splitlines()
    assert len(lines) == 4
    assert lines[1].split() == [f"{float(rows[0]['local_emd']):.4f}", *"------", "pictures/real0.png"]


def test_folders_go_by_names_and_every_judge_that_is_named_has_a_score(folder, monkeypatch, capsys):
    judges = ["--database", "database.safetensors", "--critic", "critic.safetensors"]
    code, _, err = run(monkeypatch, capsys, "--realism", "pictures", "masks", *judges, "--out", "rows.csv")
    assert (code, err) == (0, "")
    rows = rows_of(folder / "rows.csv")
    assert len(rows) == 24
    assert all(0 <= float(row[name]) <= 1 for row in rows for name in JUDGES if name != "local_emd")


def test_labels_give_the_area_of_each_judge(folder, monkeypatch, capsys):
    lines = [
        f"pictures/{kind}{seed}.png,masks/{kind}{seed}.png,{label},{seed}"
        for kind, label in (("real", "real"), ("pasted", "composite"))
        for seed in range(12)
    ]
    (folder / "labels.csv").write_text("\n".join(["picture,mask,label,photograph", *lines]))
    code, out, err = run(monkeypatch, capsys, "--labelled", "labels.csv")
    assert (code, err) == (0, "")
    assert out.splitlines()[1].split() == ["local_emd", "1.000", "1.000", "to", "1.000", "12", "12", "12"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--realism", "pictures/real0.png"], "--realism got 1 paths; expected a mask after each picture"),
        (["--realism", "absent.png", "masks/real0.png"], "absent.png"),
        (["--realism", "pictures/real0.png", "masks/real0.png", "--database", "absent"], "absent: no such file"),
        (["--realism", "pictures/real0.png", "masks/real0.png", "--critic", "database.safetensors"], "not a critic of realism"),
        (["--realism", "pictures/real0.png", "masks/real0.png", "--database", "critic.safetensors"], "not a colour database"),
        (["--realism", "pictures/real0.png", "masks/real0.png", "--out", "rows.txt"], "rows.txt: expected a name that ends in"),
        (["--realism", "pictures/real0.png", "masks/real0.png", "--out", "masks/real0.png"], "expected a name that ends in"),
        (["--realism", "pictures/real0.png", "black.png"], "black.png: the mask is empty: realism compares a foreground"),
        (["--realism", "pictures/real0.png", "small.png"], "small.png: the mask is 16x16 pixels; expected the picture's 32x32"),
        (["--realism", "pictures", "few"], "23 names are in one of pictures and few alone, first pasted0"),
        (["--labelled", "absent.csv"], "absent.csv: no such table"),
        (["--labelled", "columns.csv"], r"columns.csv: columns ['picture']; expected ['mask', 'label'] as well"),
        (["--labelled", "word.csv"], "word.csv, line 2: picture 'a', mask 'b', label 'maybe'; expected two paths and real or composite"),
        (["--labelled", "one.csv"], "one.csv: 1 rows, none of them composite; expected one or more real and composite pictures"),
        (["--labelled", "none.csv"], "none.csv: 0 rows, none of them real or composite"),
        (["--labelled", "more.csv"], "more.csv, line 3: more cells than columns"),
    ],
)
def test_what_is_wrong_is_one_line(folder, monkeypatch, capsys, arguments, message):
    Image.new("L", (32, 32)).save(folder / "black.png")
    Image.fromarray((255 * box(16)).astype(np.uint8)).save(folder / "small.png")
    (folder / "few").mkdir()
    Image.new("L", (32, 32)).save(folder / "few" / "real0.png")
    (folder / "columns.csv").write_text("picture\na\n")
    (folder / "word.csv").write_text("picture,mask,label\na,b,maybe\n")
    (folder / "none.csv").write_text("picture,mask,label\n")
    (folder / "more.csv").write_text("picture,mask,label\na,b,real\nc,d,composite,e\n")
    (folder / "one.csv").write_text("picture,mask,label\npictures/real0.png,masks/real0.png,real\n")
    code, out, err = run(monkeypatch, capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.strip().splitlines()) == 1


def test_scores_with_a_truth_go_where_they_did(monkeypatch, capsys):
    code, _, err = run(monkeypatch, capsys, "--outputs", "absent", "--dataset", "absent")
    assert code == 2
    assert "manifest.parquet" in err
