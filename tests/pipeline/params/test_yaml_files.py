"""A YAML file that is no file, no YAML, or far too much of it is one line."""

import os

import pytest

from imharmony.errors import InputError, exit_code_of
from pipeline.params.file import load_params
from pipeline.params.yaml_files import read_yaml

LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
MERGES = "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}], k{n}: 1}}\n" for n in range(1, 12))
DEFAULTS = f"{LAUGHS}defaults: {{training: *a11, variant: *a11}}\nvariants: {{a: *a11}}\nprofiles: {{sample: {{training: *a11}}}}\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "top level: "),
        (b"# nothing\n", "top level: "),
        (b"- a\n- b\n", "top level: "),
        (b"just words", "top level: "),
        (b"--- a\n--- b\n", "not valid YAML"),
        (b"\x00\x01\x02\x89PNG", "not UTF-8"),
        (b"profile: a\x00b", "not valid YAML"),
        ("profile: caf\u00e9".encode("latin-1"), "line 1 is not UTF-8"),
        ("profile: a".encode("utf-16"), "line 1 is not UTF-8"),
        (b"profile:\n\tsample: 1", "not valid YAML: line 2"),
        (b"profile: a\nprofile: b\n", 'duplicate key "profile"'),
        (b"profile: [", "not valid YAML"),
        (b"profile: *nothing", "undefined alias"),
        (b"profile: !!python/object/apply:os.system [id]", "not valid YAML"),
        (b"profile: 2001-99-99", "not valid YAML"),
        (b"? [a, b]\n: 1\n", "params.yaml: "),
        (b"? {a: b}\n: 1\n", "params.yaml: "),
        (b"1: 2\nnull: 3\ntrue: 4\n", "params.yaml: "),
        (b"defaults: {1: 2, null: 3, true: 4, a: 5}", "params.yaml: "),
        (b"defaults: [1]", "params.yaml: "),
        (b"defaults: {datasets: [1], dataset: 3}\nprofiles: {a: {datasets: {b: {}}}}", "params.yaml: "),
        (b"seeds: [" + b"9" * 10_000 + b"]", "params.yaml: "),
        (b"seeds: 0x" + b"f" * 10_000, "params.yaml: "),
        (b"[" * 5_000, "nested too deeply"),
        (b"{a: " * 2_000 + b"1" + b"}" * 2_000, "nested too deeply"),
        (b"a: &a [*a]", "aliases stand for more than"),
        (LAUGHS.encode(), "aliases stand for more than"),
        (MERGES.encode(), "aliases stand for more than"),
        (DEFAULTS.encode(), "aliases stand for more than"),
        (b"x: '" + b"a" * (1 << 20) + b"'", "more than 1,048,576 bytes"),
        (b"profile: '" + b"a" * 100_000 + b"'", "params.yaml: "),
    ],
)
def test_what_is_no_file_of_parameters_is_one_line(tmp_path, content, told):
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        load_params(path)
    assert told in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 700


def test_a_folder_a_pipe_and_a_loop_of_links_are_one_line(tmp_path, capsys):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name, told in (
        ("folder", "a folder; expected a file"),
        ("pipe", "not a file; expected a file"),
        ("loop", "links lead to each other"),
    ):
        assert exit_code_of(lambda name=name: load_params(tmp_path / name) and None) == 2
        said = capsys.readouterr().err
        assert told in said
        assert said.count("\n") == 1


def test_a_few_aliases_are_fine(tmp_path):
    path = tmp_path / "some.yaml"
    path.write_text("a: &a {x: 1}\nb: *a\n")
    assert read_yaml(path, dict[str, dict[str, int]]) == {"a": {"x": 1}, "b": {"x": 1}}
