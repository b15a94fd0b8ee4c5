"""Processes side by side: what they say arrives, and all that they started ends with them."""

import os
import sys
import time
from pathlib import Path
from threading import Thread

from pipeline.run.child_processes import Children


def run(children: Children, code: str, said: list[str], bars: list[str] | None = None) -> int:
    on_bar = (bars if bars is not None else []).append
    return children.run([sys.executable, "-u", "-c", code], environment=os.environ, on_line=said.append, on_bar=on_bar)


def test_lines_arrive_and_of_a_bar_its_last_state():
    said: list[str] = []
    bars: list[str] = []
    code = r"import sys; print('one'); sys.stderr.write('bar 1\rbar 2\rbar 3\n\n'); sys.stdout.write('end'); sys.exit(3)"
    assert run(Children(), code, said, bars) == 3
    assert said == ["one", "bar 3", "end"]
    assert bars == ["bar 1", "bar 2"]


def is_running(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def wait_for(condition) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.02)


def test_ending_ends_grandchildren_too_and_lets_no_other_begin():
    children, said, codes = Children(), [], []
    heed = "signal.signal(signal.SIGINT, signal.default_int_handler)"  # or one that the tests inherit may ignore it, and 20 s pass
    code = f"import signal, subprocess; {heed}; p = subprocess.Popen(['sleep', '60']); print(p.pid); p.wait()"
    thread = Thread(target=lambda: codes.append(run(children, code, said)))
    thread.start()
    wait_for(lambda: said)
    children.end()
    thread.join(30)
    assert codes[0] != 0
    wait_for(lambda: not is_running(int(said[0])))
    assert children.are_ended
    assert run(children, "print('late')", said) != 0
    assert "late" not in said


def test_a_pause_ends_with_the_children():
    children = Children()
    start = time.monotonic()
    thread = Thread(target=children.pause, args=(60,))
    thread.start()
    children.end()
    thread.join(30)
    assert time.monotonic() - start < 30
