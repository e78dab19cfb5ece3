"""A tree of ids in memory: the mirror of the OBS that every service keeps."""

from collections.abc import Mapping


class Tree:
    """Parents by id. A node whose parent is unknown is a root; cycles cannot be built from it."""

    def __init__(self, parents: Mapping[str, str]) -> None:
        self._parents = dict(parents)
        self._children: dict[str, list[str]] = {}
        for node, parent in self._parents.items():
            self._children.setdefault(parent, []).append(node)
        self._subtrees: dict[str, frozenset[str]] = {}

    def __contains__(self, node: str) -> bool:
        return node in self._parents

    def subtree(self, node: str) -> frozenset[str]:
        """Give a node and everything below it; just the node when it is unknown."""
        known = self._subtrees.get(node)
        if known is None:
            found: set[str] = set()
            waiting = [node]
            while waiting:
                current = waiting.pop()
                if current not in found:
                    found.add(current)
                    waiting += self._children.get(current, ())
            known = self._subtrees[node] = frozenset(found)
        return known

    def ancestors(self, node: str) -> list[str]:
        """List the nodes above, nearest first."""
        above: list[str] = []
        parent = self._parents.get(node, "")
        while parent in self._parents and parent not in above:
            above.append(parent)
            parent = self._parents[parent]
        return above
