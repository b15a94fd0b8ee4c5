"""The command that serves the page: its options, its warning and its end."""

import signal
import sys

import httpx
import pytest

from imharmony.cli import main
from tests.imharmony.web.drawn import served


@pytest.fixture(scope="module")
def server():
    with served() as server:
        yield server


def test_ctrl_c_ends_it_with_one_line():
    with served() as server:
        assert len(server.said) == 1
        assert httpx.get(server.address).status_code == 200
        server.process.send_signal(signal.SIGINT)
        out, said = server.process.communicate(timeout=60)
    assert (server.process.returncode, out, said) == (0, "ended\n", "")


def test_another_host_is_warned_of():
    with served("--host", "0.0.0.0") as server:
        assert server.said[0] == "warning: whoever reaches 0.0.0.0 can use this page, and it asks for no password\n"
        port = server.address.rsplit(":", 1)[1]
        assert httpx.get(f"http://127.0.0.1:{port}").status_code == 200


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--port", "99999"], "--port 99999: expected 0 to 65535"),
        (["--max-megabytes", "0"], "--max-megabytes 0: expected 1 to 2000"),
        (["--max-megapixels", "5000"], "--max-megapixels 5000: expected 1 to 1000"),
        (["--model", "nowhere"], "model 'nowhere': no such model"),
        (["--host", "no.such.host.invalid"], "no.such.host.invalid, port 0: cannot listen there"),
    ],
)
def test_wrong_options_end_with_one_line(options, message, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["harmonize", "app", "--port", "0", *options])
    with pytest.raises(SystemExit) as stop:
        main()
    said = capsys.readouterr().err
    assert (stop.value.code, said.count("\n")) == (2, 1)
    assert said.startswith(f"error: {message}")


def test_a_port_that_is_taken_is_named(server, monkeypatch, capsys):
    port = server.address.rstrip("/").rsplit(":", 1)[1]
    monkeypatch.setattr(sys, "argv", ["harmonize", "app", "--port", port])
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 2
    assert capsys.readouterr().err.startswith(f"error: 127.0.0.1, port {port}: cannot listen there")


def test_without_the_servers_packages_it_says_what_to_install(monkeypatch, capsys):
    for name in [name for name in sys.modules if name.startswith("imharmony.web")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.setattr(sys, "argv", ["harmonize", "app"])
    with pytest.raises(SystemExit):
        main()
    assert "pip install 'imharmony[app]'" in capsys.readouterr().err
