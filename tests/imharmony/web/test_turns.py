"""One at a time, and not too many who wait."""

import asyncio
import threading

import pytest

from imharmony.web.turns import BusyError, Turns


def test_one_is_done_at_a_time_and_those_beyond_are_sent_away():
    at_once, most, release = 0, 0, threading.Event()

    def work():
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        release.wait(10)
        at_once -= 1
        return "done"

    async def visit():
        turns = Turns(most=3)
        tasks = [asyncio.create_task(turns.run(work)) for _ in range(3)]
        await asyncio.sleep(0.05)
        with pytest.raises(BusyError):
            await turns.run(work)
        release.set()
        return await asyncio.gather(*tasks)

    assert asyncio.run(visit()) == ["done"] * 3
    assert most == 1


def test_an_error_lets_the_next_one_in():
    def fail():
        raise ValueError("no")

    async def visit():
        turns = Turns(most=1)
        for _ in range(2):
            with pytest.raises(ValueError, match="no"):
                await turns.run(fail)
        return await turns.run(lambda: 7)

    assert asyncio.run(visit()) == 7
