"""Controls: what another background and an untouched photograph make of a method, and which pictures are looked at."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch
from skimage.color import deltaE_ciede2000, rgb2lab

from imharmony.baselines.identity import identity
from imharmony.composing.packed_split import PackedSplit
from imharmony.errors import InputError
from imharmony.evaluation.controls import CONTROLS, SWAPPED, Background, Plan, inner_error, plan_of, score_controls, swapped
from imharmony.evaluation.methods import NetworkMethod
from imharmony.evaluation.scoring import score_split
from imharmony.networks import WITHOUT_BACKGROUND
from imharmony.networks.harmonizer import build_harmonizer
from imharmony.running.seeds import rendezvous_choice
from tests.composites import packed, with_sums

COUNT, SIZE = 12, 32
NAMES = {"method": "m", "seed": 3, "dataset": "people", "code": "c", "data_hash": "h", "trained_on": "objects", "stands_in_for": "hcoco"}


@pytest.fixture
def split() -> PackedSplit:
    """Composites of as many photographs, their masks soft at the edges."""
    made = packed(COUNT, SIZE)
    return replace(made, rows=made.rows.append_column("foreground_ratio", pa.array([0.2] * COUNT)))


def taken(split: PackedSplit, places) -> PackedSplit:
    pictures = {name: getattr(split, name)[places] for name in ("composite", "real", "mask")}
    return replace(split, rows=split.rows.take(pa.array(places)), **pictures)


def rows_of(split: PackedSplit, harmonize, control: str) -> list[dict]:
    own: list[float | None] = []
    score_split(split, harmonize, names=NAMES, perceptual=None, on_output=lambda index, raw: own.append(inner_error(split, index, raw)))
    places = plan_of(split).looked_at
    others = [background_of(split, place) for place in places]
    backgrounds = [None if other is None else Background(split.rows["image_id"][other].as_py(), split.real[other]) for other in others]
    found = score_controls(taken(split, places), harmonize, names=NAMES, own=[own[place] for place in places], backgrounds=backgrounds)
    return found[control]


def background_of(split: PackedSplit, place: int) -> int | None:
    image_id, found = plan_of(split).background_of(**split.rows.select(["sample_id", "image_id"]).slice(place, 1).to_pylist()[0])
    assert found is None or split.rows["image_id"][found].as_py() == image_id
    return found


def from_the_background(picture, mask):
    """The foreground's mean moved to the background's."""
    inside, outside = picture[mask == 1].mean(0), picture[mask == 0].mean(0)
    return (picture + (outside - inside)).astype(np.float32)


def test_doing_nothing_changes_nothing(split):
    for row in rows_of(split, identity, "swapped"):
        assert row["fmse"] == row["composite_fmse"] == row["own_fmse"] > 0
    assert {(row["fmse"], row["ciede2000"]) for row in rows_of(split, identity, "untouched")} == {(0.0, 0.0)}


@pytest.mark.parametrize("is_mirrored", [False, True])
def test_what_is_to_be_changed_stays_and_all_else_is_the_other_photographs(split, is_mirrored):
    split = replace(split, mask=255 - split.mask if is_mirrored else split.mask)
    found, mask = swapped(split, 0, split.real[5]).astype(int), split.mask[0]
    assert (found[mask == 255] == split.composite[0][mask == 255]).all()
    assert (found[mask == 0] == split.real[5][mask == 0]).all()
    down, across = np.argwhere((mask > 0) & (mask < 255))[0]
    share = mask[down, across] / 255
    blend = share * split.composite[0][down, across] + (1 - share) * split.real[5][down, across]
    assert found[down, across] == pytest.approx(blend, abs=0.5)


def test_errors_of_a_constant_shift_are_its_square(split):
    real = np.full_like(split.real, 100)
    flat = replace(split, real=real, composite=real + 20 * (split.mask == 255)[..., None].astype(np.uint8))
    rows = rows_of(flat, lambda picture, _mask: picture + np.float32(3), "swapped")
    assert len(rows) == COUNT
    assert {(row["fmse"], row["composite_fmse"], row["own_fmse"]) for row in rows} == {(23.0**2, 20.0**2, 23.0**2)}
    hard = replace(flat, mask=255 * (split.mask == 255).astype(np.uint8))
    assert {row["fmse"] for row in rows_of(hard, lambda picture, _mask: picture + np.float32(3), "untouched")} == {9.0}


def test_errors_are_those_that_numpy_and_scikit_image_find(split):
    rng = np.random.default_rng(0)
    output = rng.uniform(0, 255, (SIZE, SIZE, 3)).astype(np.float32)
    rounded, full = np.rint(output), split.mask[3] == 255
    assert inner_error(split, 3, output) == pytest.approx(np.mean((rounded[full] - split.real[3][full]) ** 2), rel=1e-6)
    hard = replace(split, mask=255 * (split.mask == 255).astype(np.uint8))
    found = {row["image_id"]: row["ciede2000"] for row in rows_of(hard, lambda _picture, _mask: output, "untouched")}
    difference = deltaE_ciede2000(rgb2lab(rounded / 255), rgb2lab(split.real[3] / 255))
    assert found[3] == pytest.approx(difference[full].mean(), rel=1e-4)


def test_a_method_of_the_foreground_alone_has_the_same_error_on_any_background(split):
    for row in rows_of(split, lambda picture, _mask: 0.7 * picture.astype(np.float32) + 11, "swapped"):
        assert row["fmse"] == row["own_fmse"] != row["composite_fmse"]


@pytest.mark.parametrize("name", sorted(WITHOUT_BACKGROUND))
def test_networks_without_background_have_the_same_error_on_any(split, name):
    torch.manual_seed(0)
    network = build_harmonizer(name=name, width=8, size_px=SIZE, mask_input=True, paste=True, inference_mode="eval").eval()
    for weights in network.parameters():
        weights.data.add_(0.02 * torch.randn_like(weights))  # it begins as the identity
    hard = replace(split, mask=255 * (split.mask > 127).astype(np.uint8))
    for row in rows_of(hard, NetworkMethod(network, device=torch.device("cpu")), "swapped"):
        assert row["fmse"] == row["own_fmse"] != row["composite_fmse"]


def test_a_method_that_copies_the_backgrounds_mean_loses_on_another(split):
    levels = np.linspace(40, 220, COUNT).astype(np.uint8)[:, None, None, None]
    real = np.broadcast_to(levels, split.real.shape).copy()
    flat = replace(split, real=real, composite=np.where(split.mask[..., None] == 255, 120, real).astype(np.uint8))
    for row in rows_of(flat, from_the_background, "swapped"):
        assert row["own_fmse"] == 0
        assert row["fmse"] == (float(levels[row["image_id"], 0, 0, 0]) - levels[row["other_image_id"], 0, 0, 0]) ** 2 > 0


def test_rows_do_not_depend_on_the_order_of_the_composites(split):
    turned = taken(split, np.random.default_rng(1).permutation(COUNT))
    for control in ("swapped", "untouched"):
        first, second = ({row["sample_id"]: row for row in rows_of(one, from_the_background, control)} for one in (split, turned))
        assert first == second
        assert len(first) == COUNT


def test_a_background_is_another_photographs_and_outlives_samples_that_were_not_chosen(split):
    chosen = [background_of(split, place) for place in range(COUNT)]
    assert all(other != index for index, other in enumerate(chosen))
    assert len(set(chosen)) > COUNT / 3
    gone = next(index for index in range(COUNT) if index not in {0, chosen[0]})
    kept = [index for index in range(COUNT) if index != gone]
    assert kept[background_of(taken(split, kept), 0)] == chosen[0]


def test_the_choice_is_that_of_the_other_photographs_alone():
    rng = np.random.default_rng(0)
    for number in range(300):
        ids = np.unique(rng.integers(0, 60, rng.integers(2, 40)))
        plan, own = Plan(np.arange(1), ids, rng.permutation(len(ids))), int(rng.choice(np.append(ids, 61)))
        others = ids[ids != own]
        chosen = own if not len(others) else int(others[rendezvous_choice(others, SWAPPED, f"{number}")])
        assert plan.background_of(sample_id=f"{number}", image_id=own) == (
            chosen,
            int(plan.first[ids == chosen][0]) if len(others) else None,
        )


def test_of_one_photograph_there_is_nothing_to_swap(split):
    alone = taken(split, [4])
    assert background_of(alone, 0) is None
    assert rows_of(alone, identity, "swapped") == []
    assert len(rows_of(alone, identity, "untouched")) == 1


def test_one_composite_of_each_foreground_is_looked_at_and_each_grade_is_a_photograph(split):
    names = [f"{position}_{position}_{k}" for k in (1, 0, 2) for position in range(COUNT)]
    three = taken(split, list(range(COUNT)) * 3)
    three = replace(three, rows=three.rows.set_column(0, "sample_id", pa.array(names)))
    assert plan_of(three).looked_at.tolist() == sorted(range(COUNT, 2 * COUNT), key=names.__getitem__)
    graded = three.real.copy()
    graded[2 * COUNT :] //= 2
    assert len(plan_of(with_sums(replace(three, real=graded))).looked_at) == 2 * COUNT


def test_a_foreground_too_small_for_a_full_pixel_is_not_swapped_and_an_empty_one_not_looked_at(split):
    mask = split.mask.copy()
    mask[0] //= 2
    mask[1] = 0
    small = replace(split, mask=mask)
    assert {row["image_id"] for row in rows_of(small, identity, "swapped")} == set(range(2, COUNT))
    assert {row["image_id"] for row in rows_of(small, identity, "untouched")} == {0, *range(2, COUNT)}


def test_rows_are_those_of_the_table_with_their_lineage(split):
    table = pa.Table.from_pylist(
        [row for control in ("swapped", "untouched") for row in rows_of(split, identity, control)], schema=CONTROLS
    )
    assert table.num_rows == 2 * COUNT
    assert {name: set(table[name].to_pylist()) for name in NAMES} == {name: {value} for name, value in NAMES.items()}


def test_an_output_that_is_not_finite_ends_it_and_names_control_and_image(split):
    def broken(picture, _mask):
        return np.full(picture.shape, np.nan, np.float32)

    with pytest.raises(InputError, match=r"m: people, swapped, image 0_0_0: .* NaN or infinite"):
        score_controls(split, broken, names=NAMES, own=[1.0] * COUNT, backgrounds=[Background(5, split.real[5])] * COUNT)
