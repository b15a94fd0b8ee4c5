"""The colour database: neighbours as written out, exact distances, and a file that alone gives it back."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from imharmony.errors import InputError
from imharmony.realism.database import build_database, distances, load_database, nearest_background, own_distance, save_database
from imharmony.realism.judging import of_database
from imharmony.storage.weights import read_weights
from tests.imharmony.realism.pictures import box, noisy, tinted

COUNT, BINS, TEXTONS = 12, 6, 8


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    return [noisy(seed) for seed in range(COUNT)]


@pytest.fixture(scope="module")
def database(pictures):
    return build_database(pictures, [box()] * COUNT, bins=BINS, textons=TEXTONS, neighbours=3, seed=0)


def chi(one: dict[int, float], other: dict[int, float]) -> float:
    return 0.5 * sum((one.get(key, 0) - other.get(key, 0)) ** 2 / (one.get(key, 0) + other.get(key, 0)) for key in {*one, *other})


def bins_of(histogram) -> dict[int, float]:
    return dict(zip(histogram.places.tolist(), histogram.shares.tolist(), strict=True))


@pytest.mark.parametrize("share", [1.0, 0.75, 0.0])
def test_realism_is_the_least_background_distance_among_the_nearest_foregrounds(database, pictures, share):
    seen = database.describe(tinted(noisy(99), box()), box())
    others = [database.describe(picture, box()) for picture in pictures]

    def mixed(one, other, region: int) -> float:
        return share * chi(bins_of(one[region]), bins_of(other[region])) + (1 - share) * chi(
            bins_of(one[region + 1]), bins_of(other[region + 1])
        )

    nearest = sorted(others, key=lambda each: mixed(seen, each, 0))[:3]
    found = nearest_background(database, distances(database, seen), colour_share=share)
    assert found == pytest.approx(min(mixed(seen, each, 2) for each in nearest), abs=1e-12)


def test_a_photograph_of_the_database_is_0_away_and_its_tinted_foreground_is_not_nearer(database, pictures):
    assert nearest_background(database, distances(database, database.describe(pictures[4], box()))) == pytest.approx(0, abs=1e-12)
    assert nearest_background(database, distances(database, database.describe(tinted(pictures[4], box()), box()))) >= 0


def test_a_flat_picture_is_0_away_from_itself_and_two_flat_regions_are_as_far_as_can_be(database):
    flat = np.full((32, 32, 3), 100, np.uint8)
    assert own_distance(database.describe(flat, box()), colour_share=1) == pytest.approx(0, abs=1e-12)
    halves = np.where(box()[..., None] > 0.5, 255, 0).repeat(3, axis=2).astype(np.uint8)
    assert own_distance(database.describe(halves, box()), colour_share=1) == 1


def test_where_pixels_lie_plays_no_part_in_colours_and_does_in_textons(database):
    picture, inside = noisy(5), box() > 0.5
    moved, rng = picture.copy(), np.random.default_rng(0)
    for region in (inside, ~inside):
        moved[region] = rng.permutation(np.sort(picture[region], axis=0))
    for region in (inside, ~inside):
        picture[region] = np.sort(picture[region], axis=0)
    own, other = (of_database(each, box(), database) for each in (picture, moved))
    assert own["global_colour"] == other["global_colour"]
    assert own["local"] != other["local"]


def test_a_soft_mask_counts_shares_of_pixels(database):
    picture = np.full((32, 32, 3), 30, np.uint8)
    picture[:16] = 220
    mask = np.full((32, 32), 0.25)
    mask[:16] = 0.75
    seen = database.describe(picture, mask)
    assert sorted(seen.foreground_colours.shares.tolist()) == [0.25, 0.75]
    assert own_distance(seen, colour_share=1) == pytest.approx(0.25)  # two bins, each (1/2)² / 1, halved


def test_combined_is_the_local_distance_where_the_database_knows_no_such_thing(database, pictures):
    known = of_database(pictures[0], box(), database)
    assert known["combined"] == known["global"] <= 0.35
    unknown = of_database(tinted(np.zeros((32, 32, 3), np.uint8) + np.uint8([255, 0, 255]), box()), box(), database)
    assert unknown["global"] > 0.35
    assert unknown["combined"] == unknown["local"]


def test_the_file_alone_gives_the_database_back_and_equal_ones_are_equal_bytes(tmp_path, database):
    for name in ("a", "b"):
        save_database(tmp_path / name, database, {"code": "c"})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    found, metadata = load_database(tmp_path / "a")
    assert metadata["code"] == "c"
    assert (found.size_px, found.bins, found.neighbours) == (32, BINS, 3)
    assert_array_equal(found.textons, database.textons)
    picture = tinted(noisy(7), box())
    assert of_database(picture, box(), found) == of_database(picture, box(), database)


def test_too_few_photographs_and_files_that_are_no_database_are_one_line(tmp_path, database, pictures, monkeypatch):
    with pytest.raises(InputError, match="2 photographs for 3 neighbours; expected as many or more; lower `neighbours`"):
        build_database(pictures[:2], [box()] * 2, bins=BINS, textons=4, neighbours=3, seed=0)
    with pytest.raises(InputError, match="absent: no such file"):
        load_database(tmp_path / "absent")
    save_database(tmp_path / "a", database, {})
    metadata, tensors = read_weights(tmp_path / "a")
    for change, message in (
        ({"background_textons_places": tensors["background_textons_places"] + 1000}, "histograms that do not fit together"),
        ({"textons": tensors["textons"][:, :5]}, "histograms that do not fit together"),
        ({"foreground_colours_starts": tensors["foreground_colours_starts"][:-1]}, "histograms that do not fit together"),
        ({"more": tensors["textons"]}, "expected the 13 of a database"),
    ):
        monkeypatch.setattr("imharmony.realism.database.read_weights", lambda _, change=change: (metadata, tensors | change))
        with pytest.raises(InputError, match=message):
            load_database(tmp_path / "a")
    monkeypatch.setattr("imharmony.realism.database.read_weights", lambda _: ({"classifier": {}}, tensors))
    with pytest.raises(InputError, match="not a colour database"):
        load_database(tmp_path / "a")
