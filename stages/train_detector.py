"""Stage ``train_detector``: real photographs -> features/P/detectors/<detector>/: a network that marks the pixels that look wrong."""

from pathlib import Path

from imharmony.blind.detector import save_detector
from imharmony.blind.detector_training import Teaching, fit_detector
from imharmony.blind.limits import what_is_found
from imharmony.storage.files import atomic_folder
from pipeline.params.file import load_params
from pipeline.steps.device import device_of
from pipeline.steps.entry import run_stage
from pipeline.steps.fingerprints import facts_of
from pipeline.steps.paths import MODEL, Places
from pipeline.steps.real_photographs import hashes_of, real_photographs


def main(name: str) -> None:
    """Learns from the split ``train``; what counts as found is chosen on ``val``."""
    params = load_params()
    chosen, places, device = params.detector(name), Places(params.profile), device_of(params)
    network, steps = chosen.network, params.blind_scale.detector_steps
    size_px = chosen.size_px or params.active.evaluation.size_px
    train, val = (real_photographs(params, places, chosen, split, size_px=size_px) for split in ("train", "val"))
    detector = fit_detector(
        train,
        name=network.name,
        width=network.width,
        vgg=None if network.weights is None else Path(network.weights),
        teaching=Teaching(
            steps=steps,
            regression_steps=round(chosen.regression * steps),
            batch_size=chosen.batch_size,
            learning_rate=chosen.learning_rate,
            gamma=chosen.focal.gamma,
            alpha=chosen.focal.alpha,
            largest_stops=chosen.largest_stops,
            coloured=chosen.coloured,
            seed=chosen.seed,
        ),
        device=device,
    )
    found = what_is_found(detector.to(device), val.pictures, device=device)
    facts = {
        **found._asdict(),
        "data_hash": hashes_of(places, chosen.datasets),
        "seed": chosen.seed,
        **facts_of(places.fingerprint("train_detector", name)),
    }
    with atomic_folder(places.detector(name)) as out:
        save_detector(out / MODEL, detector, width=network.width, size_px=size_px, metadata=facts)


if __name__ == "__main__":
    run_stage(main, __doc__, {"name": str})
