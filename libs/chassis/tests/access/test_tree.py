"""The mirror of a tree: what lies above and below, and no cycle can hang it."""

from chassis.access import Tree

FIRM = Tree({"top": "", "a": "top", "b": "top", "a1": "a", "a2": "a", "a11": "a1"})


def test_a_subtree_is_the_node_and_all_below_it():
    assert FIRM.subtree("a") == {"a", "a1", "a2", "a11"}
    assert FIRM.subtree("top") == {"top", "a", "b", "a1", "a2", "a11"}
    assert FIRM.subtree("b") == {"b"}


def test_the_subtree_of_an_unknown_node_is_itself_alone():
    assert FIRM.subtree("nobody") == {"nobody"}


def test_a_subtree_is_the_same_when_asked_again():
    tree = Tree({"top": "", "a": "top"})
    assert tree.subtree("top") == tree.subtree("top") == {"top", "a"}


def test_ancestors_come_nearest_first():
    assert FIRM.ancestors("a11") == ["a1", "a", "top"]
    assert FIRM.ancestors("top") == []
    assert FIRM.ancestors("nobody") == []


def test_a_node_under_an_unknown_parent_is_a_root():
    tree = Tree({"a": "gone", "b": "a"})
    assert tree.ancestors("b") == ["a"]
    assert tree.ancestors("a") == []
    assert "gone" not in tree


def test_the_nodes_are_those_it_was_built_from():
    assert "a1" in FIRM
    assert "" not in FIRM


def test_a_cycle_ends_all_the_same():
    tree = Tree({"a": "b", "b": "a", "self": "self"})
    assert tree.subtree("a") == {"a", "b"}
    assert set(tree.ancestors("a")) == {"a", "b"}
    assert tree.subtree("self") == {"self"}


def test_a_tree_does_not_change_with_what_it_was_built_from():
    parents = {"top": "", "a": "top"}
    tree = Tree(parents)
    parents["b"] = "top"
    assert tree.subtree("top") == {"top", "a"}
