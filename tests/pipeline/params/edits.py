"""A short file of parameters that has something of every kind, and changes of its text."""

SHORT = """\
profile: small
sources: [photographs]
datasets: [people, objects]
preprocessed: []
decomposers: []
classifiers: [objects]
baselines: [identity, reinhard]
seeds: [0]
studies: []
imported: {}
published: {}
judges: {}
detectors: {}
blind: {}
trimaps: []
matting: {}
joint: {}
clips: []
videos: {}
variants: [gan, idih, codes]
catalogue:
  gan:
    dataset: people
    input: composites
    backbone: none
    generator: {name: unet, width: 64, mask_input: false, paste: false, inference_mode: train}
    discriminator: {name: patchgan, field_px: 16, width: 64}
    adversarial: {name: bce, weight: 1.0, gradient_penalty: 0.0}
    losses: {l1: 100.0}
    optimizer: {learning_rate: 2e-4, betas: [0.5, 0.999]}
    init: normal
  idih:
    dataset: people
    input: composites
    backbone: none
    generator: {name: idih, width: 64, mask_input: true, paste: true, inference_mode: eval}
    losses: {mask_weighted_mse: 1.0}
    optimizer: {learning_rate: 1e-3, betas: [0.9, 0.999]}
    init: xavier
    epochs_factor: 5.0
    schedule: {name: linear}
    average_weights: recent
  codes:
    dataset: objects
    input: composites
    backbone: profile
    generator: {name: bargain, width: 64, mask_input: true, paste: true, inference_mode: eval}
    losses: {l1: 1.0, feature: 10.0}
    features: {layers: {classifier: {relu3: 1.0}}, distance: l2}
    domain_codes: {name: bargainnet, weight: 0.01}
    optimizer: {learning_rate: 1e-4, betas: [0.9, 0.999]}
    init: normal
classifier: {size_px: 48, width: 16, epochs: 30, batch_size: 32, learning_rate: 2e-3, seed: 0}
machine: {workers: 0, device: auto, cluster: null}
defaults:
  dataset:
    source: photographs
    selection:
      foreground_ratio: [0.01, 0.8]
      min_side_px: 32
      max_border_fraction: 0.5
      max_parts: 3
      max_occlusion: 1.0
    split: {by: hash, val: 0.1, test: 0.2}
    synthesis:
      direction: foreground
      plate: {radius_px: 15.0, scale: 0.25, halo_px: 3, foreground: photograph}
      transfers: [lut]
      composites_per_foreground: {train: 1, val: 1, test: 1}
      limits: {delta_e: [2, 35], clipped_fraction: 0.3, hue_shift_degrees: 90, redraws: 4}
      seed: 0
  datasets:
    people: {selection: {categories: [person]}}
  training: {batch_size: 8, precision: auto, augment: [crop, flip], accumulate: 1}
  backbone: {name: classifier}
  evaluation: {lpips: null, bootstrap: 2000, gallery: 12}
  variant:
    schedule: {name: constant, at: [], factor: 1.0}
    average_weights: false
    resynthesis: null
    epochs_factor: 1.0
profiles:
  small:
    sources:
      photographs: {kind: studio, scenes: 300, width_px: 192, height_px: 144, seed: 0}
      mirrored: {kind: coco, mirror: http://localhost, splits: [val2017], parallel: 16, attempts: 8, timeout_seconds: 60}
      published: {kind: iharmony4, folder: .., subset: HCOCO}
      mine: {kind: folder, folder: own, category: person, licence: own}
    datasets:
      people: {}
      objects: {}
    training: {size_px: 64, width_factor: 0.25, epochs: 1}
    evaluation: {size_px: 64}
    threads: 1
"""


def replaced(text: str, *changes: tuple[str, str]) -> str:
    """The text with the first of each old part replaced by the new one; the old one must be there."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


SYSTEMS = """\
blind:
  one:
    way: two_step
    detector: marks
    harmonizer: {harmonizer}
    colour: true
    datasets: [people]
    batch_size: 2
    learning_rate: 1e-3
    detection_weight: 1.0
    untouched: 0.3
    seed: 0
  alone: {{way: single, detector: marks, harmonizer: none, colour: true, datasets: [people], batch_size: 2, learning_rate: 1e-3,
    detection_weight: 1.0, untouched: 0.3, seed: 0}}

# What follows.
"""
MARKS = """\
detectors:
  marks: {datasets: [people], photographs: 9, network: {name: small, width: 2}, regression: 0.0, batch_size: 2, learning_rate: 1e-3,
    focal: {gamma: 2.0, alpha: 0.5}, largest_stops: 1.5, coloured: 0.3, seed: 0}
"""


def with_systems(harmonizer: str, *changes: tuple[str, str]) -> str:
    """The short file with a detector ``marks``, a system ``one`` of it and a harmonizer, and ``alone``, which is one network."""
    scale = (
        "    evaluation: {size_px: 64}\n",
        "    evaluation: {size_px: 64}\n    blind: {detector_steps: 2, system_steps: 2, offsets: 2}\n",
    )
    systems = (("detectors: {}\n", MARKS), ("blind: {}\n", SYSTEMS.format(harmonizer=harmonizer)))
    return replaced(SHORT, *systems, scale, *changes)
