"""Stage ``evaluate_blind``: a blind system, test pictures -> features/P/blind/<system>/judged/: scores, detections and pictures."""

from imharmony.blind.detections import DETECTED, PSYCHOMETRIC, detected_split, psychometric_split
from imharmony.blind.judging import JUDGED, judged_split
from imharmony.blind.strips import write_strips
from imharmony.blind.systems import load_system, masked_confidence
from imharmony.storage.files import atomic_folder
from imharmony.storage.tables import write_rows
from pipeline.params.file import load_params
from pipeline.steps.blind import known_thresholds
from pipeline.steps.device import device_of
from pipeline.steps.entry import run_stage
from pipeline.steps.packing import packed
from pipeline.steps.paths import MODEL, Places
from pipeline.steps.scores import perceptual_network


def main(name: str) -> None:
    """Scores the split ``test`` of the system's data sets."""
    params = load_params()
    chosen, places, device = params.blind_system(name), Places(params.profile), device_of(params)
    evaluation = params.active.evaluation
    file = places.blind(name, "system") / MODEL
    system, confidence, _ = load_system(file)
    masked = masked_confidence(file)
    system.to(device)
    perceptual, known = perceptual_network(evaluation.lpips), known_thresholds(params, chosen)
    splits = {dataset: packed(params, places, dataset, "test", evaluation.size_px) for dataset in chosen.datasets}
    judged, detected, offsets = [], [], []
    for dataset, split in splits.items():
        told = {"dataset": dataset, "perceptual": perceptual, "device": device}
        judged += judged_split(split, system, confidence=confidence, masked=masked, **told)
        detected += detected_split(split, system.detector, dataset=dataset, device=device, known=known)
        offsets += psychometric_split(split, system.detector, dataset=dataset, most=params.blind_scale.offsets, device=device)
    with atomic_folder(places.blind(name, "judged")) as out:
        write_rows(out / "judged.parquet", judged, JUDGED)
        write_rows(out / "detected.parquet", detected, DETECTED)
        write_rows(out / "psychometric.parquet", offsets, PSYCHOMETRIC)
        for dataset, split in splits.items():
            write_strips(out / "pictures", split, system, judged, dataset=dataset, device=device)


if __name__ == "__main__":
    run_stage(main, __doc__, {"name": str})
