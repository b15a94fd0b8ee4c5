"""What is kept, and what is forgotten."""

import pytest

from imharmony.web.shelf import GoneError, Shelf


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def shelf(clock):
    return Shelf(most=3, most_bytes=100, seconds=60, clock=clock)


def is_kept(shelf, key):
    try:
        shelf.get(key, str)
    except GoneError:
        return False
    return True


def test_keys_cannot_be_guessed_and_are_of_one_kind(shelf):
    keys = {shelf.put("thing", size=1) for _ in range(3)}
    assert len(keys) == 3
    assert all(len(key) == 22 for key in keys)
    for key in (*keys, "guess"):
        with pytest.raises(GoneError):
            shelf.get(key, bytes)


def test_of_too_many_the_one_that_was_not_asked_for_longest_goes(shelf):
    first, second, third = (shelf.put(name, size=1) for name in "abc")
    assert is_kept(shelf, first)
    shelf.put("d", size=1)
    assert [is_kept(shelf, key) for key in (first, second, third)] == [True, False, True]


def test_of_too_many_bytes_the_newest_stays(shelf):
    first = shelf.put("a", size=60)
    second = shelf.put("b", size=60)
    assert [is_kept(shelf, key) for key in (first, second)] == [False, True]
    large = shelf.put("c", size=1000)
    assert (is_kept(shelf, large), len(shelf)) == (True, 1)


def test_what_nobody_asks_for_is_forgotten(shelf, clock):
    key, other = shelf.put("a", size=1), shelf.put("b", size=1)
    clock.now = 50
    assert is_kept(shelf, key)
    clock.now = 61
    shelf.clear_old()
    assert (len(shelf), is_kept(shelf, key), is_kept(shelf, other)) == (1, True, False)
