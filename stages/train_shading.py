"""Stage ``train_shading``: the studio's scenes, photographs -> features/P/preprocessing/shading/: what sees shading, and its worth."""

import json
import shutil

from imharmony.composing.packed_split import data_hash
from imharmony.intrinsic.checkpoint import IntrinsicNetworks, save_networks
from imharmony.intrinsic.decomposition import DECOMPOSITIONS
from imharmony.intrinsic.judging import averages, judge
from imharmony.intrinsic.learned import LEARNED, learned_shading
from imharmony.intrinsic.relighting import Photographs, photographs_of
from imharmony.intrinsic.scenes import read_scenes, shading_pairs
from imharmony.intrinsic.training import fit_shading
from imharmony.sources.studio import write_studio
from imharmony.storage.files import atomic_folder, write_text
from imharmony.storage.seals import is_sound_folder, seal_folder
from imharmony.storage.tables import write_table
from pipeline.params.file import Params, load_params
from pipeline.steps.device import device_of
from pipeline.steps.entry import run_stage
from pipeline.steps.fingerprints import facts_of
from pipeline.steps.packing import packed
from pipeline.steps.paths import MODEL, Places
from pipeline.steps.work_folders import work_folder


def main(photographs: str) -> None:
    """Trains it if the profile takes composites apart by it, and writes no network if by another back end."""
    params = load_params()
    if params.intrinsic.has_shading_network:
        _train(params, photographs)
        return
    with atomic_folder(Places(params.profile).preprocessing("shading")) as out:
        write_text(out / "metrics.json", "{}\n")


def _train(params: Params, name: str) -> None:
    """On scenes of a world of its own, of which a sixth judges all decompositions, and on the profile's photographs if they weigh."""
    chosen, seed, places = params.intrinsic.shading_network, params.intrinsic.seed, Places(params.profile)
    code = places.fingerprint("train_shading", name)
    folder, device = work_folder("train_shading", code), device_of(params)
    world, size_px = folder / "world", chosen.size_px
    if not is_sound_folder(world):
        size = {"width_px": size_px, "height_px": size_px}
        write_studio(world, purpose="shading", scenes=chosen.scenes, seed=seed, **params.machine.engine, **size)
        seal_folder(world)
    network = fit_shading(
        shading_pairs(read_scenes(world, split="train2017"), size_px=size_px),
        steps=chosen.steps,
        batch_size=chosen.batch_size,
        learning_rate=chosen.learning_rate,
        seed=seed,
        device=device,
        photographs=_photographs(params, places, name) if chosen.consistency else None,
        consistency=chosen.consistency,
    )
    ways = {**DECOMPOSITIONS, LEARNED: learned_shading(network, size_px=size_px)}
    judged = judge(read_scenes(world, split="val2017"), ways)
    facts = {**chosen.model_dump(), "seed": seed, **facts_of(code)}
    if chosen.consistency:
        facts["data_hash"] = data_hash(places.composites(name))
    with atomic_folder(places.preprocessing("shading")) as out:
        save_networks(out / MODEL, IntrinsicNetworks(shading=network, shading_px=size_px), facts)
        write_table(out / "decompositions.parquet", judged)
        own = {row.pop("way"): row for row in averages(judged)}
        write_text(out / "metrics.json", json.dumps(own[LEARNED], indent=1) + "\n")
    shutil.rmtree(folder)


def _photographs(params: Params, places: Places, name: str) -> Photographs:
    return photographs_of(packed(params, places, name, "train", params.intrinsic.shading_network.size_px))


if __name__ == "__main__":
    run_stage(main, __doc__, {"photographs": str})
