"""Scenes per second of the studio on one core: rendering with all layers, and the same with JPEG, annotations and packed layers."""

import argparse
import time

import cv2

from imharmony.sources.studio import publish
from imharmony.studio.scene import render_scene


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--side-px", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    size = {"width_px": arguments.side_px, "height_px": arguments.side_px}
    render_scene(purpose="benchmark", seed=0, index=0, **size)  # noise tiles
    rendered, published = [], []
    for _ in range(arguments.repeats):
        started = time.perf_counter()
        scenes = [render_scene(purpose="benchmark", seed=0, index=index, **size) for index in range(arguments.scenes)]
        rendered.append(time.perf_counter() - started)
        started = time.perf_counter()
        for index, scene in enumerate(scenes):
            publish(scene, index=index, shard=0, row=index)
        published.append(time.perf_counter() - started)
    render, whole = min(rendered), min(a + b for a, b in zip(rendered, published, strict=True))
    print(f"{arguments.scenes} scenes of {arguments.side_px} x {arguments.side_px} px, one core, best of {arguments.repeats}")
    print(f"render with all layers:                        {arguments.scenes / render:7.1f} scenes/s")
    print(f"and JPEG, annotations, layers packed as PNG:   {arguments.scenes / whole:7.1f} scenes/s")


if __name__ == "__main__":
    main()
