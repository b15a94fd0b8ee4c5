"""Which trainings are finished: a damaged one is not, and is no dead end."""

import torch
from torch import nn

from imharmony.storage.weights import write_weights
from pipeline.steps.runs import MODEL, is_finished


def test_a_finished_run_is_known_by_its_inputs(tmp_path):
    write_weights(tmp_path / MODEL, nn.Linear(2, 2), {"inputs": "abc"})
    assert is_finished(tmp_path, "abc")
    assert not is_finished(tmp_path, "abd")
    assert not is_finished(tmp_path / "absent", "abc")


def test_a_damaged_run_is_trained_again_and_said_so(tmp_path, caplog):
    network = nn.Linear(2, 2)
    with torch.no_grad():
        network.bias[0] = float("nan")
    write_weights(tmp_path / MODEL, network, {"inputs": "abc"})
    assert not is_finished(tmp_path, "abc")
    (tmp_path / MODEL).write_bytes((tmp_path / MODEL).read_bytes()[:-1])
    assert not is_finished(tmp_path, "abc")
    assert [record.message.endswith("; it is trained again") for record in caplog.records] == [True, True]
