"""Masks find their photographs by name, nothing is left out without a word, and results have names of their own."""

from pathlib import Path

import pytest

from imharmony.errors import InputError
from imharmony.harmonizing.pairing import NO_PHOTO, Pair, Sought, pairs_of
from imharmony.harmonizing.result_names import result_names


@pytest.fixture
def found(tmp_path):
    """Photograph, masks and tail of each pair in a folder of these files; why, where there is nothing to do."""

    def call(*names, out="out", **options):
        for name in names:
            (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "in" / name).touch()
        folder = tmp_path / "in"
        given = {key: tuple(folder / each for each in value) if key == "left_out" else value for key, value in options.items()}
        given["results"] = frozenset((folder / each).resolve() for each in options.get("results", ()))
        if "masks" in given:
            given["masks"] = folder / given["masks"]
        pairs = pairs_of(Sought(folder, tmp_path / out, **given))

        def short(path: Path | None) -> str:
            return "" if path is None else path.relative_to(folder).as_posix()

        return [(short(pair.photo), [*map(short, pair.masks)], pair.why.partition(";")[0] or pair.tail) for pair in pairs]

    return call


LONE = NO_PHOTO.partition(";")[0]


@pytest.mark.parametrize("mask", ["a_mask.png", "a.mask.png", "a-mask.jpg", "a_MASK.PNG", "masks/a.png", "Masks/a.png", "masks/a_mask.png"])
def test_a_mask_is_found_by_its_name(found, mask):
    assert found("a.jpg", mask) == [("a.jpg", [mask], "")]


@pytest.mark.parametrize("names", [["a_mask_1.png", "a_mask_2.png"], ["a_mask1.png", "a_mask2.png"], ["masks/a_1.png", "masks/a_2.png"]])
def test_several_masks_make_several_results_or_are_joined(found, names):
    assert found("a.jpg", *names) == [("a.jpg", [names[0]], "_1"), ("a.jpg", [names[1]], "_2")]
    assert found(is_together=True) == [("a.jpg", names, "")]


def test_masks_without_numbers_of_their_own_are_counted(found):
    assert found("a.jpg", "a_mask.png", "masks/a.png") == [("a.jpg", ["a_mask.png"], "_1"), ("a.jpg", ["masks/a.png"], "_2")]


def test_the_layout_of_iharmony4(found, caplog):
    names = ["s/composite_images/x_1_1.jpg", "s/composite_images/x_1_2.jpg", "s/composite_images/x_2_1.jpg"]
    pairs = found(*names, "s/masks/x_1.png", "s/masks/x_2.png", "s/masks/y_1.png", "s/real_images/x.jpg")
    assert pairs[:3] == [(name, [f"s/masks/{name[19:22]}.png"], "") for name in names]
    assert pairs[3:] == [("", ["s/masks/y_1.png"], LONE)]
    assert "real_images" in caplog.text


@pytest.mark.parametrize("name", ["photographs", "Images"])
def test_masks_beside_a_folder_of_photographs(found, name):
    assert found(f"{name}/a_1.jpg", "masks/a_1.png") == [(f"{name}/a_1.jpg", ["masks/a_1.png"], "")]


def test_a_number_at_the_end_of_a_photograph_is_its_own(found):
    assert found("IMG.jpg", "IMG_1.jpg", "masks/IMG.png", "masks/IMG_1.png") == [
        ("IMG.jpg", ["masks/IMG.png"], ""),
        ("IMG_1.jpg", ["masks/IMG_1.png"], ""),
    ]


def test_nothing_is_left_out_without_a_word(found, caplog):
    pairs = found(
        "a.jpg", "b_mask.png", "masks/c.png", "masks/deep/d.png", ".DS_Store", "Thumbs.db", "._a.jpg", "notes.txt", "__MACOSX/a.jpg"
    )
    assert pairs == [
        ("a.jpg", [], "no mask"),
        ("", ["b_mask.png"], LONE),
        ("", ["masks/c.png"], LONE),
        ("", ["masks/deep/d.png"], LONE),
    ]
    assert [record.getMessage().partition(": ")[2] for record in caplog.records] == ["1 files passed over that are no pictures: notes.txt"]


def test_a_photograph_of_a_gas_mask_is_a_photograph(found):
    assert found("gas_mask.jpg", "gas_mask_mask.png") == [("gas_mask.jpg", ["gas_mask_mask.png"], "")]


def test_a_folder_of_masks_elsewhere_is_of_the_same_form(found):
    pairs = found("a.jpg", "s/b.jpg", "other/a.png", "other/s/b_mask.png", "other/t/c.png", masks="other")
    assert pairs == [("a.jpg", ["other/a.png"], ""), ("s/b.jpg", ["other/s/b_mask.png"], ""), ("", ["other/t/c.png"], LONE)]


def test_cut_outs_need_no_masks(found):
    assert found("a.png", "b.png", "back.jpg", is_cut_outs=True, left_out=["back.jpg"]) == [("a.png", [], ""), ("b.png", [], "")]


def test_results_are_not_taken_for_photographs(found):
    assert found("a.jpg", "a_mask.png", "results/a.jpg", out="in/results") == [("a.jpg", ["a_mask.png"], "")]
    names = ["b.jpg", "b_mask_1.png", "b_mask_2.png", "b_1_harmonized.jpg", "a_harmonized.jpg", "a.jpg.x_harmonized.jpg"]
    listed = [name for name in names if "harmonized" in name]
    assert [photo for photo, *_ in found(*names, out="in", results=listed)] == ["a.jpg", "b.jpg", "b.jpg", "results/a.jpg"]


def test_a_photograph_that_is_called_like_a_result_is_one(found):
    assert found("a.jpg", "a_mask.png", "a_harmonized.jpg", "a_harmonized_mask.png", out="in") == [
        ("a.jpg", ["a_mask.png"], ""),
        ("a_harmonized.jpg", ["a_harmonized_mask.png"], ""),
    ]


def test_a_folder_that_has_a_table_of_results_has_no_photographs(found):
    assert found("a.jpg", "a_mask.png", "before/a.jpg", "before/harmonized.csv") == [("a.jpg", ["a_mask.png"], "")]


def names_of(pairs: list[Pair], *, out="/out", ending=".png") -> list[str]:
    paths = result_names(pairs, Sought(Path("/in"), Path(out)), lambda photo: ending or photo.suffix)
    return ["" if path is None else path.relative_to(out).as_posix() for path in paths]


def pair(photo: str, tail="") -> Pair:
    return Pair(Path("/in") / photo, (Path(f"/in/masks/{photo}{tail}.png"),), tail)


def test_results_are_called_as_their_photographs():
    lone = Pair(None, (Path("/in/masks/z.png"),), why="alone")
    assert names_of([pair("a.jpg"), pair("s/a.jpg"), pair("b.jpg", "_2"), lone], ending="") == ["a.jpg", "s/a.jpg", "b_2.jpg", ""]
    assert names_of([pair("a.jpg"), pair("b.jpg", "_2")], out="/in", ending="") == ["a_harmonized.jpg", "b_2_harmonized.jpg"]


def test_names_that_would_be_alike_are_made_different():
    assert names_of([pair("a.jpg"), pair("a.webp"), pair("b.jpg")]) == ["a.jpg.png", "a.webp.png", "b.png"]
    assert names_of([pair("a.jpg", "_1"), pair("a.jpg", "_2"), pair("a_1.jpg")]) == ["a.jpg_1.png", "a_2.png", "a_1.jpg.png"]
    assert names_of([pair("A.jpg"), pair("a.webp")]) == ["A.jpg.png", "a.webp.png"]


def test_names_that_stay_alike_are_refused():
    with pytest.raises(InputError, match="another's result"):
        names_of([pair("A.jpg"), pair("a.jpg")])
    with pytest.raises(InputError, match="which is an input"):
        names_of([pair("in/a.png"), pair("a.png")], out="/", ending="")
