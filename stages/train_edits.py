"""Stage ``train_edits``: photographs -> features/P/preprocessing/edits/: all networks of the preprocessing, errors of the one for edits."""

import json
from dataclasses import asdict, replace

from imharmony.composing.packed_split import data_hash
from imharmony.intrinsic.checkpoint import IntrinsicNetworks, load_networks, save_networks
from imharmony.intrinsic.decomposition import DECOMPOSITIONS
from imharmony.intrinsic.edit_training import EditErrors, edit_examples, fit_edits, judge_edits
from imharmony.intrinsic.learned import learned_edits, learned_shading
from imharmony.storage.files import atomic_folder, write_text
from pipeline.params.file import Params, load_params
from pipeline.steps.device import device_of
from pipeline.steps.entry import run_stage
from pipeline.steps.fingerprints import facts_of
from pipeline.steps.packing import packed
from pipeline.steps.paths import MODEL, Places

HELD_OUT = 5  # as many training examples for each that judges


def main(photographs: str) -> None:
    """Adds it to the shading network if edits are learned, and writes no networks if nothing is."""
    params = load_params()
    chosen, places = params.intrinsic, Places(params.profile)
    networks, facts = load_networks(places.preprocessing("shading") / MODEL) if chosen.has_shading_network else (IntrinsicNetworks(), {})
    errors = None
    if chosen.has_edit_network:
        networks, errors = _trained(params, places, networks, photographs)
        facts = {**facts, "edits": chosen.edit_network.model_dump() | {"data_hash": data_hash(places.composites(photographs))}}
    with atomic_folder(places.preprocessing("edits")) as out:
        if chosen.has_networks:
            save_networks(out / MODEL, networks, {**facts, **facts_of(places.fingerprint("train_edits", photographs))})
        write_text(out / "metrics.json", json.dumps(asdict(errors) if errors else {}, indent=1) + "\n")


def _trained(params: Params, places: Places, networks: IntrinsicNetworks, name: str) -> tuple[IntrinsicNetworks, EditErrors]:
    """On edited photographs of the split ``train``, judged by those of ``val``."""
    chosen, device = params.intrinsic, device_of(params)
    own = chosen.edit_network
    shading_of = (
        DECOMPOSITIONS[chosen.backend] if networks.shading is None else learned_shading(networks.shading, size_px=networks.shading_px)
    )
    examples = {
        split: edit_examples(packed(params, places, name, split, own.size_px), shading_of=shading_of, count=count, seed=chosen.seed)
        for split, count in {"train": own.examples, "val": max(own.examples // HELD_OUT, 1)}.items()
    }
    network = fit_edits(
        examples["train"],
        steps=own.steps,
        batch_size=own.batch_size,
        learning_rate=own.learning_rate,
        seed=chosen.seed,
        device=device,
    )
    errors = judge_edits(examples["val"], learned_edits(network, size_px=own.size_px))
    return replace(networks, edits=network, edits_px=own.size_px), errors


if __name__ == "__main__":
    run_stage(main, __doc__, {"photographs": str})
