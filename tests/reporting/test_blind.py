"""The section without a mask: what it shows is what its tables say."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from imharmony.blind.detections import DETECTED, OFFSETS, PSYCHOMETRIC
from imharmony.blind.judging import JUDGED, SYSTEMS
from imharmony.errors import InputError
from imharmony.evaluation.buckets import LEAST_PHOTOGRAPHS
from imharmony.evaluation.intervals import CONFIDENCE
from imharmony.pictures.images import encode_png
from imharmony.storage.files import write_bytes
from imharmony.storage.tables import write_rows
from reporting.blind import LABELS, BlindSection, blind_section, blind_tables, read_blind
from reporting.page import environment

VARIANTS = ("two_step", "joint")
MSE = {"untouched": 40.0, "true_mask": 20.0, "blind": 30.0, "blind_binary": 31.0, "blind_cautious": 29.0}


class Folders:
    """Where the stage leaves what it made."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def blind(self, name: str, part: str) -> Path:
        return self.root / name / part


def params(*, variants=VARIANTS, lpips=None, datasets=("people",)) -> SimpleNamespace:
    made = SimpleNamespace(way="two_step", detector="marks", harmonizer="dih", datasets=list(datasets))
    return SimpleNamespace(blind=dict.fromkeys(variants, made), active=SimpleNamespace(evaluation=SimpleNamespace(lpips=lpips)))


def judged(photographs: int, *, lpips: float | None = None, dataset="people") -> list[dict]:
    return [
        {"dataset": dataset, "sample_id": f"{image}", "image_id": image, "is_real": is_real, "system": system}
        | {"mse": (MSE[system] - 0.5 * (image % 3)) * (not is_real), "psnr": None if is_real else 30.0, "lpips": lpips, "pasted_mse": 1.25}
        | {"is_harm": system == "blind" and image % 2 == 0, "visible": 2.0, "mask_mean": 0.25, "risk": (image % 2 == 0) / 2}
        | {"strength": 1.0, "strength_mse": 15.0, "fmse": 100.0, "background_mse": 0.5}
        for image in range(photographs)
        for is_real in (False, True)
        for system in SYSTEMS
    ]


def detected(control: float = 0.9) -> list[dict]:
    shared = {"dataset": "people", "chance": 0.2, "iou": 0.4, "calibration_error": 0.1, "found": 0.5, "n_pictures": 12, "n_positive": 12}
    bins = {"bins_mean": [0.1, None, 0.9], "bins_share": [0.2, None, 0.7], "bins_count": [5, 0, 5]}
    return [shared | bins | {"kind": "any", "average_precision": 0.625}, shared | bins | {"kind": "control", "average_precision": control}]


def offsets() -> list[dict]:
    named = {"dataset": "people", "sample_id": "0", "image_id": 0, "lightness": 0.5}
    return [named | {"stops": stops, "negative": max(-stops, 0), "positive": max(stops, 0)} for stops in OFFSETS]


def leave(root: Path, variant: str, rows: list[dict], *, control=0.9, pictures=True) -> None:
    folder = Folders(root).blind(variant, "judged")
    write_rows(folder / "judged.parquet", rows, JUDGED)
    write_rows(folder / "detected.parquet", detected(control) if rows else [], DETECTED)
    write_rows(folder / "psychometric.parquet", offsets() if rows else [], PSYCHOMETRIC)
    for name in ("made", "worse_masked_0", "alike_0") if pictures else ():
        write_bytes(folder / "pictures" / f"{name}.png", encode_png(np.zeros((8, 40, 3), np.uint8)))


def section(root: Path, described: SimpleNamespace) -> tuple[BlindSection, dict[str, pa.Table]]:
    run = read_blind(described, Folders(root))
    tables = blind_tables(run, bootstrap=50)
    return blind_section(described, run, tables, figures=root / "figures"), tables


def page(made: BlindSection) -> str:
    text = environment().get_template("blind.html.j2").render(blind=made, confidence=CONFIDENCE, least_photographs=LEAST_PHOTOGRAPHS)
    return text.replace("\u202f", "")


def cells(text: str, label: str) -> dict[str, list[str]]:
    """The cells of a table by the first of each row."""
    table = text.split(f'aria-label="{label}"')[1].split("</table>")[0]
    rows = [row for row in table.split("<tr>") if '<th scope="row">' in row]
    return {row.split('<th scope="row">')[1].split("<")[0]: re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("blind")


@pytest.fixture(scope="module")
def made(folder):
    """Two variants on one of two data sets, as section and as tables."""
    for variant in VARIANTS:
        leave(folder, variant, judged(12))
    return section(folder, params(datasets=("people", "things")))


def test_the_table_of_scores_shows_what_the_table_of_means_says(made):
    shown, tables = made
    found = cells(page(shown), "Scores without a mask on people")
    assert list(found) == [LABELS[system] for system in SYSTEMS]
    (row,) = [row for row in tables["blind"].to_pylist() if (row["variant"], row["system"], row["is_real"]) == ("joint", "blind", False)]
    mse, *rest = found[LABELS["blind"]]
    assert mse == f"{row['mse']:.2f}<small>{row['low']:.2f} to {row['high']:.2f}</small>"
    assert rest == ["30.00", "–", "0.50", "100.0", "50.0 %", "100 %", "25.0 %", "1.25"]


def test_the_headline_stands_first_and_the_pasted_score_last_and_in_no_difference(made):
    shown, tables = made
    text = page(shown)
    header = text.split('aria-label="Scores without a mask on people"')[1].split("</thead>")[0]
    names = re.findall(r'<th [^>]*scope="col">([^<]*)', header)
    assert (names[1], names[-1]) == ("MSE", "Pasted")
    assert set(tables["blind_pairs"]["metric"].to_pylist()) == {"mse", "psnr"}
    assert "Pasted" not in text.split('aria-label="Paired differences without a mask on people"')[1]


def test_differences_are_coloured_and_said_where_the_interval_is_on_one_side(made):
    shown, _ = made
    text = page(shown)
    assert "Without a mask two_step lowers the composites&#39; error and is worse than with the true mask." in text
    table = text.split('aria-label="Paired differences without a mask on people"')[1].split("</table>")[0]
    assert re.findall(r'<td class=" (better|worse|)">([+−]?[\d.]+)', table)[0] == ("better", "−10.00")
    assert table.count("<tr>") == 1 + 2 * 5 + 1


def test_detection_stands_beside_chance_and_a_detector_of_objects_is_called_one(tmp_path, made):
    shown, _ = made
    text = page(shown)
    assert "two_step finds objects, not faults" in text
    assert cells(text, "Detection on people")["joint"][:3] == ["untouched photographs", "0.900", "0.200"]
    leave(tmp_path, "two_step", judged(12), control=0.3)
    other, _ = section(tmp_path, params(variants=("two_step",)))
    assert "two_step finds faults more than objects" in page(other)


def test_harm_falls_where_the_risk_knows(made):
    shown, _ = made
    text = page(shown)
    assert "Leaving the riskiest fifth of composites as they are lowers the share that two_step makes worse." in text
    rates = {(row["variant"], row["system"], row["is_real"]): row["rates"] for row in shown.datasets[0].risks}
    assert rates["joint", "blind", False] == {
        1.0: 0.5,
        0.9: pytest.approx(4.8 / 10.8),
        0.8: pytest.approx(3.6 / 9.6),
        0.6: pytest.approx(1.2 / 7.2),
    }


def test_data_sets_without_pictures_and_an_absent_lpips_say_so(tmp_path, made):
    text = page(made[0])
    assert "No picture was judged of: things." in text
    assert "evaluation.lpips of this profile is null" in text
    leave(tmp_path, "two_step", judged(12, lpips=0.125))
    text = page(section(tmp_path, params(variants=("two_step",), lpips="alex"))[0])
    assert "LPIPS is" not in text
    assert cells(text, "Scores without a mask on people")[LABELS["blind"]][2] == "0.1250"


def test_of_one_photograph_nothing_follows_for_others(tmp_path):
    leave(tmp_path, "two_step", judged(1), pictures=False)
    shown, _ = section(tmp_path, params(variants=("two_step",)))
    text = page(shown)
    assert "No interval of 1 photograph: of two_step nothing follows for others." in text
    assert cells(text, "Scores without a mask on people")[LABELS["blind"]][0] == "30.00<small>– (1 photograph)</small>"
    assert "<h3>Pictures</h3>" not in text


def test_without_any_picture_there_is_a_section_that_says_so(tmp_path):
    leave(tmp_path, "two_step", [], pictures=False)
    text = page(section(tmp_path, params(variants=("two_step",)))[0])
    assert "No picture was judged of: people." in text
    assert text.count("<table") == 1


def test_figures_and_strips_have_captions_and_figures_follow_the_theme(folder, made):
    shown, _ = made
    drawings = shown.datasets[0].drawings
    assert [drawing.title for drawing in drawings][:2] == [
        "two_step: scores without a mask and with the true one",
        "two_step: without a mask minus with the true one",
    ]
    assert len(drawings) == 2 * 2 + 3
    assert all("currentColor" in drawing.svg and drawing.caption for drawing in drawings)
    assert len(list((folder / "figures").glob("blind_people_*.png"))) == len(drawings)
    assert [strip.name for strip in shown.strips["joint"]] == ["made", "worse_masked_0", "alike_0"]
    text = page(shown)
    assert text.count("data:image/jpeg;base64,") == 2 * 3
    assert text.count("<figcaption>") == len(drawings) + 2 * 3


def test_where_nothing_is_harmonized_without_a_mask_there_are_no_tables_and_no_section(tmp_path):
    run = read_blind(params(variants=()), Folders(tmp_path))
    assert blind_tables(run, bootstrap=50) == {}
    assert blind_section(params(variants=()), run, {}, figures=tmp_path) is None


def test_a_table_that_was_not_written_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"judged\.parquet: no such table; run the stage that writes it"):
        read_blind(params(), Folders(tmp_path))
