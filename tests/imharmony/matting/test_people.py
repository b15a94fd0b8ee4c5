"""All people of a photograph are in its mask; crowds and what cannot be drawn are neither in nor out."""

import numpy as np

from imharmony.matting.people import LEAST_SIDE_PX, box_of, peopled
from tests.imharmony.matting.peopled import person, photograph_of


def test_all_people_are_inside_and_large_ones_are_looked_at():
    made = photograph_of(person(10, 10, 60, 100), person(100, 30, 110, 40))
    assert (made.people[20:90, 20:50] == 255).all()
    assert (made.people[32:38, 102:108] == 255).all()
    assert (made.people.mean() / 255) < 0.35
    assert made.boxes == ((10, 10, 60, 100),)
    assert min(60 - 10, 100 - 10) >= LEAST_SIDE_PX > 110 - 100
    assert made.unsure.max() == 0


def test_a_crowd_is_unsure_but_where_somebody_is_outlined():
    made = photograph_of(person(20, 20, 120, 100, iscrowd=True), person(30, 30, 80, 90))
    assert (made.unsure[25:95, 90:115] == 255).all()
    assert (made.unsure[40:80, 40:70] == 0).all()
    assert (made.people[40:80, 40:70] == 255).all()
    assert made.boxes == ((30, 30, 80, 90),)


def test_what_cannot_be_drawn_is_unsure_in_its_box():
    broken = person(20, 20, 80, 90) | {"segmentation": b"[[1, 2"}
    made = photograph_of(broken)
    assert (made.unsure[20:90, 20:80] == 255).all()
    assert (made.people.max(), made.boxes) == (0, ())


def test_a_photograph_of_nobody_is_empty():
    made = peopled(np.zeros((30, 40, 3), np.uint8), [])
    assert (made.people.max(), made.unsure.max(), made.boxes) == (0, 0, ())


def test_boxes_are_whole_pixels_in_the_photograph():
    row = {"bbox_x": -3.2, "bbox_y": 10.6, "bbox_width": 20.1, "bbox_height": 500.0}
    assert box_of(row, (120, 160)) == (0, 10, 17, 120)
