"""The hash tree of RFC 6962, built leaf by leaf in memory that grows with a tile's width only."""

import hashlib

WIDTH_BITS = 8  # a tile is a subtree of this height


def leaf_hash(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """Complete subtrees from left to right, each twice the next or more, and what the tiles
    above level 0 must hold: `upper[level]` are the hashes of the tiles of that level."""

    def __init__(self):
        self.size = 0
        self.peaks = []  # (height, hash), heights falling
        self.upper = {}

    def append(self, leaf):
        height, node = 0, leaf
        while self.peaks and self.peaks[-1][0] == height:
            node = node_hash(self.peaks.pop()[1], node)
            height += 1
            if height % WIDTH_BITS == 0:
                self.upper.setdefault(height // WIDTH_BITS, []).append(node)
        self.peaks.append((height, node))
        self.size += 1

    def root(self):
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        node = self.peaks[-1][1]
        for _, left in reversed(self.peaks[:-1]):
            node = node_hash(left, node)
        return node
