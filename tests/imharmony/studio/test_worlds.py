"""No two worlds of the studio share a picture, a light or a crowd's place, with equal seeds or with others."""

import ast
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import get_args

import pytest

from imharmony.sources.studio import write_studio
from imharmony.storage.tables import read_table
from imharmony.studio.portrait import render_portrait
from imharmony.studio.scene import Scene, render_scene
from imharmony.studio.worlds import Purpose, world_key

SEEDS, PICTURES = (0, 7), 6
ROOT = Path(__file__).parents[3]


def marks(scene: Scene) -> tuple[str, tuple[float, ...]]:
    """What tells a scene from others: its photograph, and the draw that does not depend on the picture's size."""
    return sha256(scene.image.tobytes()).hexdigest(), tuple(scene.light.direction.tolist())


@pytest.fixture(scope="module")
def worlds() -> dict[tuple[str, int], list[tuple[str, tuple[float, ...]]]]:
    size = {"width_px": 32, "height_px": 32}
    scenes = {
        (purpose, seed): [marks(render_scene(purpose=purpose, seed=seed, index=index, **size)) for index in range(PICTURES)]
        for purpose, seed in product(get_args(Purpose), SEEDS)
    }
    portraits = {
        ("portraits", seed): [marks(render_portrait(seed=seed, index=index, **size)) for index in range(PICTURES)] for seed in SEEDS
    }
    return scenes | portraits


@pytest.mark.parametrize("mark", [0, 1], ids=["photograph", "light"])
def test_worlds_are_disjoint_with_equal_and_with_other_seeds(worlds, mark):
    found = [each[mark] for world in worlds.values() for each in world]
    assert len(worlds) == 10
    assert len(set(found)) == len(found) == 10 * PICTURES


def test_a_scene_of_another_size_is_of_the_same_world(worlds):
    """So the light finds a scene again that another world has at another size."""
    larger = render_scene(purpose="photographs", seed=0, index=3, width_px=48, height_px=40)
    assert marks(larger)[1] == worlds["photographs", 0][3][1]
    assert marks(larger)[0] != worlds["photographs", 0][3][0]


def test_keys_are_of_one_purpose_and_seed_even_as_text():
    keys = ["\x1f".join(map(str, world_key(purpose, seed))) for purpose in (*get_args(Purpose), "portraits") for seed in range(30)]
    assert len(set(keys)) == len(keys)
    crowds = "\x1f".join(["studio", "crowd"])
    assert not any(key.startswith(crowds) for key in keys)


def test_photographs_and_portraits_keep_the_keys_that_published_data_came_from():
    assert world_key("photographs", 3) == ("studio", 3)
    assert world_key("portraits", 3) == ("studio", "portrait", 3)


def test_written_worlds_share_no_light(tmp_path):
    """As the source and the stage that trains write them, at the sizes of each."""
    lights = []
    for purpose, width, height in (("photographs", 64, 48), ("shading", 32, 32)):
        write_studio(tmp_path / purpose, purpose=purpose, scenes=8, width_px=width, height_px=height, seed=0, workers=1)
        lights += [tuple(light) for light in read_table(tmp_path / purpose / "layers.parquet")["light_direction"].to_pylist()]
    assert len(set(lights)) == 16


def test_nothing_but_the_source_draws_its_photographs():
    """Whoever trains or judges on scenes says another purpose."""
    purposes: dict[str, set[str]] = {}
    for folder in ("imharmony", "stages", "pipeline", "benchmarks", "reporting"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"write_studio", "render_scene"}:
                    said = next(word.value for word in node.keywords if word.arg == "purpose")
                    if isinstance(said, ast.Constant):
                        purposes.setdefault(str(said.value), set()).add(path.relative_to(ROOT).as_posix())
    assert purposes == {
        "photographs": {"imharmony/sources/embedded.py"},
        "shading": {"stages/train_shading.py"},
        "benchmark": {"benchmarks/intrinsic.py", "benchmarks/studio.py"},
        "clips": {"imharmony/clips/drawn.py"},
    }
