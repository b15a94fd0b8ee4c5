"""Stage ``train_realism``: real photographs -> features/P/realism/<judges>/critic/: a network that tells composites, and its worth."""

import json
from dataclasses import asdict

from imharmony.realism.critic import save_critic
from imharmony.realism.critic_training import fit_critic, worth_of
from imharmony.storage.files import atomic_folder, write_text
from pipeline.params.file import load_params
from pipeline.steps.device import device_of
from pipeline.steps.entry import run_stage
from pipeline.steps.fingerprints import facts_of
from pipeline.steps.paths import MODEL, Places
from pipeline.steps.real_photographs import hashes_of, real_photographs


def main(name: str) -> None:
    """Learns from the split ``train`` and is judged by ``val``."""
    params = load_params()
    judges, places = params.judges_of(name), Places(params.profile)
    chosen, device = judges.critic, device_of(params)
    train, val = (real_photographs(params, places, judges, split) for split in ("train", "val"))
    critic = fit_critic(
        train.pictures,
        train.masks,
        width=chosen.width,
        steps=chosen.steps,
        batch_size=chosen.batch_size,
        learning_rate=chosen.learning_rate,
        seed=judges.seed,
        device=device,
    )
    worth = worth_of(critic, val.pictures, val.masks, seed=judges.seed)
    facts = {"data_hash": hashes_of(places, judges.datasets), "seed": judges.seed, **facts_of(places.fingerprint("train_realism", name))}
    with atomic_folder(places.realism(name, "critic")) as out:
        save_critic(out / MODEL, critic, size_px=params.active.evaluation.size_px, metadata=facts)
        write_text(out / "metrics.json", json.dumps(asdict(worth), indent=1) + "\n")


if __name__ == "__main__":
    run_stage(main, __doc__, {"name": str})
