"""Layers made again: they give the stored composite, whatever the transfer and the direction, and are refused where they do not."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from imharmony.composing.backgrounds import plate
from imharmony.composing.composites import read_composite, recomposed
from imharmony.composing.regions import RegionRules
from imharmony.composing.rules import PlateRules, ReferenceRules
from imharmony.errors import InputError
from imharmony.matting.layers import LayerMaker
from imharmony.storage.shards import ShardReader
from imharmony.storage.tables import read_table
from tests.photographs import rows_of, write_world
from tests.portraits import World, write_portraits


def manifest(world: World) -> list[dict]:
    return read_table(world.composites / "manifest.parquet").to_pylist()


def test_a_changed_background_is_the_layer_under_the_portrait(world):
    maker, reader = LayerMaker(world.composites, world.images, world.regions), ShardReader(world.composites)
    rows = manifest(world)
    assert {row["transfer"] for row in rows} == {"reinhard_lab", "illumination", "msrcr", "mkl", "idt"}
    for row in rows:
        made = maker.layers(row)
        real, composite, matte = read_composite(reader, row["shard"], row["row"])
        assert_array_equal(made.picture, real)
        assert_array_equal(made.matte, matte)
        assert_array_equal(made.plate, plate(real, matte / 255))
        assert_array_equal(recomposed(made.picture, made.matte / 255, made.changed), composite)
        assert (made.changed != made.plate).any()


def test_a_changed_foreground_is_the_layer_over_the_photograph(tmp_path):
    world = write_portraits(tmp_path, count=10, regions=RegionRules("foreground"))
    maker, reader = LayerMaker(world.composites, world.images, world.regions), ShardReader(world.composites)
    for row in manifest(world):
        made = maker.layers(row)
        real, composite, matte = read_composite(reader, row["shard"], row["row"])
        assert_array_equal(recomposed(made.changed, made.matte / 255, made.picture), composite)
        assert_array_equal(made.changed[matte == 0], real[matte == 0])
        assert_array_equal(made.plate, plate(real, matte / 255))


def test_rules_of_the_seeds_code_are_followed(tmp_path):
    rules = {"regions": RegionRules("background", PlateRules(unpainted=True)), "references": ReferenceRules(True, True)}
    world = write_portraits(tmp_path, count=10, transfers=("hmh_reinhard_code", "brightness", "hmh_msrcr_code"), **rules)
    maker = LayerMaker(world.composites, world.images, **rules)
    for row in manifest(world):
        made = maker.layers(row)
        assert_array_equal(made.plate, made.picture)


def test_other_rules_than_the_composites_give_other_layers_and_are_refused(world):
    row = next(row for row in manifest(world) if row["transfer"] == "msrcr")
    other = LayerMaker(world.composites, world.images, RegionRules("background", PlateRules(halo_px=0)))
    with pytest.raises(InputError, match=r"its layers give another composite than the stored one, by \d+ levels"):
        other.layers(row)
    with pytest.raises(InputError, match="a changed background; expected a changed foreground, as its rules say"):
        LayerMaker(world.composites, world.images, RegionRules("foreground")).layers(row)
    with pytest.raises(InputError, match="composites of graded photographs"):
        LayerMaker(world.composites, world.images, replace(world.regions, direction="photograph"))


def test_a_level_in_few_values_is_another_machines_rounding(world, monkeypatch):
    maker, row = LayerMaker(world.composites, world.images, world.regions), manifest(world)[0]
    made, unlike = maker.layers(row), row | {"sha256_composite": "0"}
    recoloured = maker._recoloured

    def rounded(*arguments, count: int, by: int, **named):
        pixels = recoloured(*arguments, **named).copy()
        pixels[:count, 0] ^= by
        return pixels

    monkeypatch.setattr(maker, "_recoloured", partial(rounded, count=3, by=1))
    assert np.count_nonzero(maker.layers(unlike).changed != made.changed) == 3
    for count, by in ((3, 2), (40, 1)):
        monkeypatch.setattr(maker, "_recoloured", partial(rounded, count=count, by=by))
        with pytest.raises(InputError, match="another composite than the stored one"):
            maker.layers(unlike)


def test_a_missing_photograph_and_one_without_matte_are_refused(world, tmp_path):
    row = manifest(world)[0]
    maker = LayerMaker(world.composites, world.images, world.regions)
    with pytest.raises(InputError, match="no photograph 999; expected those of the composites"):
        maker.layers(row | {"image_id": 999})
    _, images = write_world(tmp_path, rows_of([row["image_id"]]))
    with pytest.raises(InputError, match="a mask instead of an alpha matte; expected portraits"):
        LayerMaker(world.composites, images, world.regions).layers(row)


def test_a_transfer_by_place_is_refused(world):
    row = next(row for row in manifest(world) if row["transfer"] == "mkl")
    with pytest.raises(InputError, match="made by random_poisson, which takes a place of another photograph"):
        LayerMaker(world.composites, world.images, world.regions).layers(row | {"transfer": "random_poisson"})


def test_parameters_survive_their_way_through_json(world):
    rows = [row for row in manifest(world) if row["transfer"] == "illumination"]
    changed = LayerMaker(world.composites, world.images, world.regions).layers(rows[0]).changed
    assert changed.dtype == np.uint8
    with pytest.raises(InputError, match="another composite"):
        LayerMaker(world.composites, world.images, world.regions).layers(rows[0] | {"transfer_params": rows[1]["transfer_params"]})
