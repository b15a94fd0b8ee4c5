"""From which probability on a pixel counts: regions by hand, and few photographs with a finding."""

import cv2
import numpy as np
import pytest
import torch

from imharmony.blind.detections import detect
from imharmony.blind.detector import evidence
from imharmony.blind.limits import ALARMS, HALVINGS, LEAST_SHARE, strongest_finding, what_is_found
from tests.imharmony.blind.pictures import CPU, detector_of, finding

SIZE = 40
STEP = 2.0**-HALVINGS


def maps(*boxes: tuple[int, float]) -> np.ndarray:
    """Squares of a side and a probability, apart from each other."""
    found, left = np.zeros((SIZE, SIZE), np.float32), 0
    for side, chance in boxes:
        found[:side, left : left + side] = chance
        left += side + 1
    return found


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [([(3, 0.7)], 0.7), ([(2, 0.9), (3, 0.4)], 0.4), ([(2, 0.9), (2, 0.8)], 0.0), ([(3, 0.3), (10, 0.6)], 0.6), ([], 0.0)],
)
def test_the_strongest_finding_is_the_largest_limit_with_a_region_of_half_a_percent(boxes, expected):
    assert LEAST_SHARE * SIZE**2 == 8
    found = strongest_finding(maps(*boxes))
    assert found <= expected <= found + STEP


def test_what_touches_at_a_corner_hangs_together():
    found = np.zeros((SIZE, SIZE), np.float32)
    found[:2, :2] = found[2:4, 2:4] = 0.5
    assert strongest_finding(found) == pytest.approx(0.5, abs=STEP)


def has_finding(chances: np.ndarray, limit: float) -> bool:
    count, places = cv2.connectedComponents((chances >= limit).astype(np.uint8))
    return any((places == place).sum() >= max(LEAST_SHARE * chances.size, 1) for place in range(1, count))


@pytest.mark.parametrize("count", [1, 9, 10, 25])
def test_at_most_a_tenth_of_photographs_has_a_finding_and_at_a_little_less_more_have(count):
    rng = np.random.default_rng(0)
    photographs = np.full((count, 32, 32, 3), 128, np.uint8)
    for photograph in photographs:
        photograph[:8, :8] = rng.integers(150, 200)
    detector = finding()
    detector.network.forward = lambda pictures: torch.cat([-20 + 0 * pictures[:, :2], 4 * pictures[:, :1]], 1)
    limit, _, odds = what_is_found(detector, photographs, device=CPU)
    looked = detect(detector, photographs, range(count), device=CPU)
    chances = [evidence(torch.from_numpy(found)[None], odds)[0].numpy().max(0) for found in looked]
    assert sum(has_finding(each, limit) for each in chances) <= ALARMS * count
    assert sum(has_finding(each, limit - 2 * STEP) for each in chances) > ALARMS * count


@pytest.mark.parametrize("level", [0, 255])
def test_where_all_is_found_or_nothing_the_limit_is_a_probability(level):
    photographs = np.full((3, 32, 32, 3), level, np.uint8)
    for detector in (finding(), detector_of()):
        found = what_is_found(detector, photographs, device=CPU)
        assert 0 < found.limit <= 1
        assert all(0 < each < 1e6 for each in found.odds)


def test_evidence_at_the_limit_of_a_class_is_a_half_and_keeps_the_order():
    chances = torch.tensor([0.1, 0.2, 0.7])[None, :, None, None]
    odds = [(1 - limit) / limit for limit in (0.1, 0.2, 0.7)]
    assert evidence(chances, odds).flatten().tolist() == pytest.approx([0.5] * 3)
    rising = torch.linspace(0, 1, 9).expand(1, 3, 1, 9)
    assert (evidence(rising, odds).diff(dim=3) > 0).all()
    assert torch.equal(evidence(rising, (1.0, 1.0, 1.0)), rising / (1 - rising + rising))
