"""Stage ``train_blind``: a detector, a harmonizer, composites -> features/P/blind/<system>/system/: what harmonizes without a mask."""

from imharmony.blind.fitting import confidence_of, fit_system_and_confidence
from imharmony.blind.system_training import SystemTeaching
from imharmony.blind.systems import save_system
from imharmony.storage.files import atomic_folder
from pipeline.params.file import load_params
from pipeline.steps.blind import known_thresholds, system_of
from pipeline.steps.device import device_of
from pipeline.steps.entry import run_stage
from pipeline.steps.fingerprints import facts_of
from pipeline.steps.packing import packed
from pipeline.steps.paths import MODEL, Places
from pipeline.steps.real_photographs import hashes_of


def main(name: str) -> None:
    """Teaches the system on the split ``train`` of its data sets, and on ``val`` when it is to be trusted."""
    params = load_params()
    chosen, places, device = params.blind_system(name), Places(params.profile), device_of(params)
    system, width, architecture = system_of(params, places, chosen)
    focal = params.detector(chosen.detector).focal
    train, val = (
        [packed(params, places, dataset, split, params.active.evaluation.size_px) for dataset in chosen.datasets]
        for split in ("train", "val")
    )
    system, confidence = fit_system_and_confidence(
        system,
        train,
        val,
        way=chosen.way,
        teaching=SystemTeaching(
            steps=params.blind_scale.system_steps,
            batch_size=chosen.batch_size,
            learning_rate=chosen.learning_rate,
            detection_weight=chosen.detection_weight,
            untouched=chosen.untouched,
            gamma=focal.gamma,
            alpha=focal.alpha,
            seed=chosen.seed,
        ),
        known=known_thresholds(params, chosen),
        device=device,
    )
    masked = confidence_of(system, val, device=device, told=True)
    facts = {"data_hash": hashes_of(places, chosen.datasets), "seed": chosen.seed, "way": chosen.way}
    facts |= facts_of(places.fingerprint("train_blind", name))
    with atomic_folder(places.blind(name, "system")) as out:
        save_system(out / MODEL, system, width=width, architecture=architecture, confidence=confidence, metadata=facts, masked=masked)


if __name__ == "__main__":
    run_stage(main, __doc__, {"name": str})
