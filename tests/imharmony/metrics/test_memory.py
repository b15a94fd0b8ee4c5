"""Memory is given again once nobody holds an array in it, and not before."""

import threading

import numpy as np

from imharmony.metrics.memory import MOST_KEPT, copied, unset

SHAPE = (128, 130, 3)


def test_two_arrays_that_are_held_share_nothing():
    held = [unset(SHAPE) for _ in range(2 * MOST_KEPT)]
    for number, each in enumerate(held):
        each[:] = number
    assert [float(each.mean()) for each in held] == list(range(2 * MOST_KEPT))


def test_memory_that_nobody_holds_is_used_again():
    first = unset(SHAPE)
    address = first.ctypes.data
    del first
    assert unset(SHAPE, np.int32).ctypes.data == address


def test_a_part_of_an_array_holds_its_memory():
    first = unset(SHAPE)
    address, corner = first.ctypes.data, first[:2, :2, 0]
    del first
    assert unset(SHAPE).ctypes.data != address
    assert corner.shape == (2, 2)


def test_threads_share_no_memory():
    addresses: list[int] = []
    own = unset(SHAPE)
    address = own.ctypes.data
    del own
    thread = threading.Thread(target=lambda: addresses.append(unset(SHAPE).ctypes.data))
    thread.start()
    thread.join()
    assert unset(SHAPE).ctypes.data == address
    assert addresses != [address]


def test_a_copy_has_the_values_in_the_type_that_is_asked_for():
    picture = np.random.default_rng(0).integers(0, 256, SHAPE, dtype=np.uint8)
    found = copied(picture, np.float32)
    assert found.dtype == np.float32
    assert (found == picture).all()
    assert not np.shares_memory(copied(picture), picture)
