"""Stage ``train_matting``: rendered things, portraits -> features/P/matting/<network>/: a matting network before and after portraits."""

from imharmony.matting.batches import of_portraits, of_things
from imharmony.matting.checkpoint import save_matting
from imharmony.matting.training import HISTORY, Lesson, fit_matting
from imharmony.storage.files import atomic_folder
from imharmony.storage.tables import write_rows
from pipeline.params.file import load_params
from pipeline.steps.device import device_of
from pipeline.steps.entry import run_stage
from pipeline.steps.fingerprints import facts_of
from pipeline.steps.matting import network_of, rates_of
from pipeline.steps.paths import MODEL, PRETRAINED, Places
from pipeline.steps.people import taught_people
from pipeline.steps.portraits import packed_portraits, packed_things
from pipeline.steps.real_photographs import hashes_of


def main(name: str) -> None:
    """Learns from things, then from the split ``train`` of its data set; with ``people`` from that and from photographs of people."""
    params = load_params()
    chosen, places, device = params.matting_network(name), Places(params.profile), device_of(params)
    scale, size_px = params.matting_scale, params.active.evaluation.size_px
    network, architecture = network_of(params, chosen)
    common = {"batch_size": chosen.batch_size, "seed": chosen.seed}
    things = Lesson(
        name="things",
        steps=scale.pretraining_steps,
        rates=rates_of(chosen.pretraining),
        composition=chosen.composition,
        **common,
    )
    portraits = Lesson(name="portraits", steps=scale.finetuning_steps, rates=rates_of(chosen.finetuning), composition=0.0, **common)
    facts = {"data_hash": hashes_of(places, [chosen.dataset]), "seed": chosen.seed, **facts_of(places.fingerprint("train_matting", name))}
    with atomic_folder(places.matting(name)) as out:
        history = fit_matting(network, of_things(packed_things(params, places, chosen.seed)), lesson=things, device=device)
        save_matting(out / PRETRAINED, network, architecture, size_px=size_px, metadata=facts)
        if chosen.people is None:
            taught = of_portraits(packed_portraits(params, places, chosen.dataset, "train"))
            history += fit_matting(network, taught, lesson=portraits, device=device)
        else:
            history += taught_people(params, places, chosen, network, device=device)
        save_matting(out / MODEL, network, architecture, size_px=size_px, metadata=facts)
        write_rows(out / "history.parquet", history, HISTORY)


if __name__ == "__main__":
    run_stage(main, __doc__, {"name": str})
