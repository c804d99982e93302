"""The checks, in the order in which their faults are reported: checkpoint, entries, tiles, kept
and given checkpoints, receipts, and what the entries say."""

from dataclasses import dataclass, field

import entries
import notes
import rotations
import store
from outcome import Fault, Found, Unreadable, shown, smallest
from tree import WIDTH_BITS, Tree, leaf_hash

WIDTH = store.WIDTH


@dataclass
class Evidence:
    """What was given beside the log. `checkpoints`: (name, bytes)."""

    log_keys: list
    witness_keys: list = field(default_factory=list)
    checkpoints: list = field(default_factory=list)
    receipts: list = field(default_factory=list)


@dataclass
class Report:
    """What was found out, as far as the checks came."""

    checkpoint: notes.Checkpoint | None = None
    reached: list = field(default_factory=list)  # keys that the log's statements lead to
    genuine: list = field(default_factory=list)  # all checkpoints whose signatures hold
    covered: int = 0
    longer: bool = False  # whether something says that the log was longer
    entries: int = 0
    tiles: int = 0
    checkpoints: int = 0
    receipts: int = 0
    since: str | None = None
    fault: Fault | None = None

    def witnessed(self):
        """Size, newest time and names of the largest checkpoint a named witness cosigned."""
        seen = [c for c in self.genuine if c.witnesses]
        if not seen:
            return None
        size = max(c.size for c in seen)
        lines = [line for c in seen if c.size == size for line in c.witnesses]
        return size, max(time for _, time in lines), sorted({name for name, _ in lines})


class Audit:
    """One run over one log."""

    def __init__(self, log, evidence, deep):
        self.log = log
        self.evidence = evidence
        self.log_keys = evidence.log_keys
        self.statements = []
        self.deep = deep
        self.report = Report()
        self.tree = Tree()
        self.roots = {}  # by size, of the sizes some checkpoint speaks of
        self.leaves = {}  # by index, of the indices some receipt speaks of
        self.deep_fault = None
        self.cosignature_fault = None  # of the newest checkpoint
        self.others = []  # those kept and given whose signatures hold: (checkpoint, from outside?)
        self.wanted_sizes = set()
        self.wanted_leaves = set()
        self.reader = None

    def run(self):
        try:
            self._run()
        except Found as found:
            self.report.fault = found.fault
        return self.report

    def _run(self):
        self.statements = rotations.read(self.log, self.log_keys)
        self.report.reached = rotations.reached(self.statements, self.log_keys)
        self.log_keys = self.log_keys + self.report.reached
        # Those that led to the keys given: what the log keeps of their time counts for nothing.
        self.before = [key for one in self.statements for key in one.keys if key not in self.log_keys]
        # Listed before the newest is read: what is kept then is older than it.
        kept = self.log.kept()
        witnessed = self.log.read("witnessed", notes.MOST_BYTES)
        self._newest()
        bad = self._others(kept, witnessed)
        self._weigh()
        if self.cosignature_fault:
            raise Found.again(self.cosignature_fault)
        self._entries()
        self._tiles()
        self._root()
        if bad:
            raise Found.again(bad[0])
        self._checkpoints()
        self._receipts()
        if self.deep_fault:
            raise Found.again(self.deep_fault)
        if self.reader and self.reader.untold:
            raise Found("KEY_STATEMENT", None, "a key was signed in that no entry tells of")

    # === signatures ===

    def _newest(self):
        data = self.log.read("checkpoint", notes.MOST_BYTES)
        if data is None:
            raise Unreadable("the log has no checkpoint")
        keys = self.evidence
        # A witness's bad line does not make the log's own words less known.
        self.report.checkpoint = notes.open_checkpoint(data, self.log_keys, [], "checkpoint")
        self.report.checkpoints = 1
        try:
            newest = notes.open_checkpoint(data, self.log_keys, keys.witness_keys, "checkpoint")
            self.report.genuine.append(newest)
        except Found as found:
            self.cosignature_fault = found.fault

    def _others(self, kept, witnessed):
        """Opens kept and given checkpoints. Their faults are returned: they wait for their turn."""
        bad = []
        for size in kept:
            data = self.log.read(f"checkpoints/{size}", notes.MOST_BYTES)
            if data is not None:
                self._open(data, f"checkpoints/{size}", False, bad)
        if witnessed is not None:
            self._open(witnessed, "witnessed", False, bad)
        for name, data in self.evidence.checkpoints:
            self._open(data, f"the checkpoint given as {shown(name)}", True, bad)
        # Kept ones stay before given ones of the same size.
        self.others.sort(key=lambda other: other[0].size)
        return bad

    def _open(self, data, what, given, bad):
        keys, origin = self.evidence, self.report.checkpoint.origin
        try:
            opened = notes.open_checkpoint(data, self.log_keys, keys.witness_keys, what, origin)
        except Found as found:
            if given or not self._is_of_before(data, found, origin):
                bad.append(found.fault)
            return
        self.report.genuine.append(opened)
        self.others.append((opened, given or bool(opened.witnesses)))

    def _is_of_before(self, data, found, origin):
        """Whether a key signed it that led to those given, and none of these."""
        if found.fault.code != "CHECKPOINT_SIGNATURE":
            return False
        try:
            notes.open_checkpoint(data, self.before, [], "it", origin)
        except Found:
            return False
        return True

    def _weigh(self):
        """How much of the log something outside it vouches for."""
        origin, size = self.report.checkpoint.origin, self.report.checkpoint.size
        receipts = [receipt.index + 1 for receipt in self.evidence.receipts if receipt.origin == origin]
        sizes = [c.size for c, outside in self.others if outside] + receipts
        sizes += [c.size for c in self.report.genuine if c.witnesses]
        self.report.covered = max(sizes, default=0)
        known = [c.size for c, _ in self.others] + receipts
        self.report.longer = max(known, default=0) > size
        seen = self.report.witnessed()
        self.report.since = self._time(seen[0] if seen else 0, size)

    def _time(self, index, size):
        """What the log shows as the time of this entry, sound or not."""
        start = index // WIDTH * WIDTH
        if start >= size:
            return None
        try:
            bundle = store.read_bundle(self.log, start // WIDTH, min(WIDTH, size - start))
        except Unreadable:
            return None
        if bundle is None or index - start >= len(bundle[0]):
            return None
        return entries.stated_time(bundle[0][index - start])

    # === entries ===

    def _entries(self):
        size = self.report.checkpoint.size
        self.wanted_sizes = {size} | {c.size for c, _ in self.others}
        self.wanted_leaves = {r.index for r in self.evidence.receipts}
        self.reader = entries.Deep(self.report.checkpoint.origin, self.statements) if self.deep else None
        self._note_root()
        for start in range(0, size, WIDTH):
            self._one_bundle(start, min(WIDTH, size - start))

    def _one_bundle(self, start, width):
        number = start // WIDTH
        bundle = store.read_bundle(self.log, number, width)
        if bundle is None:
            raise Found("ENTRY_MISSING", start, f"the entries {start} to {start + width - 1} are not there")
        hashes = self._hashes(0, number, width)
        found, defect = bundle
        for place, entry in enumerate(found):
            self._one_entry(start + place, entry, hashes[place])
        if defect:
            raise Found("ENTRY_MALFORMED", start + defect[0], defect[1])

    def _one_entry(self, index, entry, stored):
        value = entries.parse(entry)
        own = None if value is None else entries.own_index(value)
        if own is not None and own != index:
            raise Found("ENTRY_INDEX", index, f"in the place of entry {index} stands one that has another index")
        leaf = leaf_hash(entry)
        if leaf != stored:
            raise Found("ENTRY_CHANGED", index, f"entry {index} is not the one the tree was built over")
        if value is None:
            raise Found("ENTRY_MALFORMED", index, f"entry {index} is not a JSON object")
        if own is None:
            raise Found("ENTRY_INDEX", index, f"entry {index} does not say which place it has")
        self.tree.append(leaf)
        self.report.entries += 1
        self._note_root()
        if index in self.wanted_leaves:
            self.leaves[index] = leaf
        if self.reader and not self.deep_fault:
            try:
                self.reader.read(index, entry, value)
            except entries.Bad as bad:
                self.deep_fault = Fault(bad.code, index, f"entry {index}: {bad.why}")

    def _note_root(self):
        if self.tree.size in self.wanted_sizes:
            self.roots[self.tree.size] = self.tree.root()

    # === tiles and root ===

    def _hashes(self, level, number, width):
        first = (number * WIDTH) << (WIDTH_BITS * level)
        hashes = store.read_hashes(self.log, level, number, width)
        name = store.tile_path(level, number)
        if hashes is None:
            raise Found("TILE_MISSING", first, f"{name} is not there")
        if hashes is False:
            raise Found("TILE_WRONG", first, f"{name} is not as long as it must be")
        self.report.tiles += 1
        return hashes

    def _tiles(self):
        """Every tile above level 0 against the hashes folded up from below."""
        faults = []
        for level, expected in sorted(self.tree.upper.items()):
            for start in range(0, len(expected), WIDTH):
                try:
                    self._one_tile(level, start, expected[start : start + WIDTH])
                except Found as found:
                    faults.append(found.fault)
        if faults:
            raise Found.again(smallest(faults))

    def _one_tile(self, level, start, expected):
        hashes = self._hashes(level, start // WIDTH, len(expected))
        for place, (stored, folded) in enumerate(zip(hashes, expected, strict=True)):
            if stored != folded:
                first = (start + place) << (WIDTH_BITS * level)
                name = store.tile_path(level, start // WIDTH)
                raise Found("TILE_WRONG", first, f"hash {place} of {name} is not that of the entries below it")

    def _root(self):
        newest = self.report.checkpoint
        if self.roots[newest.size] != newest.root:
            good = self._good_below(newest.size + 1, False)
            raise Found("ROOT_MISMATCH", good, "the entries do not give the root the log signed")

    def _good_below(self, size, outside_only):
        """The largest size below this one at which a kept or given checkpoint agrees with the
        entries. Who rewrote a log signed its kept ones anew: what is from outside is told by
        others from outside only."""
        return max(
            (
                c.size
                for c, outside in self.others
                if c.size < size and self.roots.get(c.size) == c.root and (outside or not outside_only)
            ),
            default=None,
        )

    # === evidence ===

    def _checkpoints(self):
        self.report.checkpoints += len(self.others)
        size = self.report.checkpoint.size
        before = None
        for checkpoint, outside in self.others:
            if checkpoint.size <= size:
                root = self.roots[checkpoint.size]
            else:
                root = before.root if before and before.size == checkpoint.size else checkpoint.root
            if checkpoint.root != root:
                at = checkpoint.size
                good = self._good_below(at, outside)
                raise Found("FORK", good, f"the log signed two different trees of {at} entries")
            before = checkpoint
        if before and before.size > size:
            raise Found("TRUNCATED", size, f"the log signed a tree of {before.size} entries, and shows {size}")

    def _receipts(self):
        origin, size = self.report.checkpoint.origin, self.report.checkpoint.size
        faults = []
        for receipt in self.evidence.receipts:
            at = receipt.index
            if receipt.origin != origin:
                faults.append(Fault("RECEIPT_ORIGIN", None, f"a receipt for entry {at} is of another log"))
            elif at >= size:
                faults.append(Fault("TRUNCATED", size, f"a receipt is for entry {at}, and the log shows {size} entries"))
            elif self.leaves[at] != receipt.leaf:
                faults.append(Fault("RECEIPT_MISMATCH", at, f"entry {at} is not the one its receipt is for"))
            self.report.receipts += 1
        if faults:
            raise Found.again(smallest(faults))
