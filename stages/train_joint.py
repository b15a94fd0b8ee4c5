"""Stage ``train_joint``: a matting network, a harmonizer, portraits -> features/P/joint/<system>/: both, taught further."""

from imharmony.checkpoint import load_harmonizer
from imharmony.errors import InputError
from imharmony.matting.batches import of_portraits
from imharmony.matting.checkpoint import load_matting, save_joint
from imharmony.matting.joint import HISTORY, JointSystem, JointTeaching, fit_joint
from imharmony.storage.files import atomic_folder
from imharmony.storage.tables import write_rows
from pipeline.params.file import load_params
from pipeline.steps.device import device_of
from pipeline.steps.entry import run_stage
from pipeline.steps.fingerprints import facts_of
from pipeline.steps.matting import rates_of
from pipeline.steps.paths import MODEL, Places
from pipeline.steps.portraits import packed_portraits
from pipeline.steps.real_photographs import hashes_of


def main(name: str) -> None:
    """Together against a critic or, without weights of one, each alone on the same pictures."""
    params = load_params()
    chosen, places, device = params.joint_system(name), Places(params.profile), device_of(params)
    dataset, size_px = params.joint_dataset(name), params.active.evaluation.size_px
    network, architecture, *_ = load_matting(places.matting(chosen.matting) / MODEL)
    harmonizer, metadata = load_harmonizer(places.run(chosen.harmonizer, params.seeds[0]) / MODEL)
    if size_px % 2**harmonizer.network.depth:
        raise InputError(
            f"evaluation.size_px is {size_px}; expected a multiple of {2**harmonizer.network.depth}, as {chosen.harmonizer} takes"
        )
    portraits = packed_portraits(params, places, dataset, "train")
    system = JointSystem(network, harmonizer, direction=portraits.direction)
    history = fit_joint(
        system,
        of_portraits(portraits),
        teaching=JointTeaching(
            steps=params.matting_scale.joint_steps,
            batch_size=chosen.batch_size,
            objective=chosen.objective,
            lambda_matting=chosen.lambda_matting,
            lambda_harmonizer=chosen.lambda_harmonizer,
            reconstruction_reaches_matting=chosen.reconstruction_reaches_matting,
            matting_rates=rates_of(chosen.matting_rates),
            harmonizer_rate=chosen.harmonizer_rate,
            critic_rate=chosen.critic.learning_rate,
            critic_width=max(1, round(chosen.critic.width * params.matting_scale.width_factor)),
            seed=chosen.seed,
        ),
        device=device,
    )
    facts = {"data_hash": hashes_of(places, [dataset]), "seed": chosen.seed, **facts_of(places.fingerprint("train_joint", name))}
    with atomic_folder(places.joint(name)) as out:
        built = {"matting": architecture, "harmonizer": metadata["architecture"], "size_px": size_px}
        save_joint(out / MODEL, system, **built, metadata=facts)
        write_rows(out / "history.parquet", history, HISTORY)


if __name__ == "__main__":
    run_stage(main, __doc__, {"name": str})
