"""Nodes of a page from a graph of cells."""

from pipeline.dashboard.groups import nearest_of, node_of, nodes_of
from pipeline.run.graph import Step


def step(name: str, *parents: str) -> Step:
    return Step(name, "cpu", 0, frozenset(parents))


GRAPH = [
    step("trace"),
    step("compose@a", "trace"),
    step("compose@b", "trace"),
    step("polish@a", "trace", "compose@a"),
    step("train@x", "trace", "compose@a"),
    step("train@y", "trace", "compose@a", "polish@a"),
    step("report", "trace", "compose@a", "compose@b", "train@x", "train@y"),
]


def test_a_node_is_a_stage_and_holds_its_cells():
    nodes = nodes_of(GRAPH)
    assert {name: len(node.cells) for name, node in nodes.items()} == {"trace": 1, "compose": 2, "polish": 1, "train": 2, "report": 1}
    assert [name for name, node in nodes.items() if node.is_group] == ["compose", "train"]


def test_only_the_nearest_are_needed():
    needs = {name: set(node.needs) for name, node in nodes_of(GRAPH).items()}
    assert needs == {"trace": set(), "compose": {"trace"}, "polish": {"compose"}, "train": {"polish"}, "report": {"train"}}


def test_in_place_of_a_node_that_is_not_shown_stand_those_that_it_needs():
    nodes = nodes_of(GRAPH)
    found = nearest_of(nodes, nodes["report"], lambda node: node.name in ("trace", "compose"))
    assert [node.name for node in found] == ["compose"]


def test_stages_that_need_each_other_in_different_cells_are_told_all_the_same():
    nodes = nodes_of([step("a@1"), step("b@1", "a@1"), step("a@2", "b@1"), step("b@2", "a@2")])
    assert nearest_of(nodes, nodes["a"], lambda _node: False) == []


def test_an_unknown_step_is_a_node_of_its_own_behind_those_that_it_needs():
    nodes = nodes_of(GRAPH)
    node = node_of(nodes, step("train@z", "compose@b"))
    assert (node.name, set(node.needs), node.is_group) == ("train@z", {"compose"}, False)
