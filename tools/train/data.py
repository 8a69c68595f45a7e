"""Datasets in memory: merging files, buckets of like size, and padded batches made on the device.

Nothing is collated on the processor while training: the flat arrays move to the device once, and a
batch is a vector of example numbers from which `DeviceCorpus.batch` gathers fixed-shape tensors.
"""

import os

import numpy as np
import torch

import tensor_file
from network import FLAG_BITS, KINDS, MAX_STEPS

PIECE = 8           # character grams in one slot; a longer word takes several slots
N_ROLES = 8
SOURCES = ["spider", "others", "spider-syn", "wikisql", "synthetic", "dev"]


def _lengths(offsets):
    return np.diff(offsets.astype(np.int64))


def ragged_arange(lengths):
    """0..lengths[0]-1, 0..lengths[1]-1, … in one array."""
    lengths = np.asarray(lengths, dtype=np.int64)
    ends = np.cumsum(lengths)
    return np.arange(ends[-1] if len(ends) else 0, dtype=np.int64) - np.repeat(ends - lengths, lengths)


def _texts(blob, offsets):
    raw = blob.tobytes()
    bounds = offsets.tolist()
    return [raw[a:b].decode("utf-8", "replace") for a, b in zip(bounds, bounds[1:])]


def dataset_name(path):
    """"dir/spider.emt.xz" → "spider"."""
    return os.path.basename(path).split(".")[0]


class Words:
    """The unique words of all files, by text, with their counts and character grams."""

    def __init__(self):
        self.index = {}
        self.counts = []
        self.grams = []

    def add(self, tensors, counted):
        """Merges a file's words; returns its word ids in terms of ours. Counts only where `counted`."""
        texts = _texts(tensors["word_text"], tensors["word_off"])
        grams = np.split(tensors["word_grams"], tensors["word_gram_off"][1:-1]) if texts else []
        counts = tensors["word_count"].tolist()
        ours = np.empty(len(texts), np.int64)
        for i, text in enumerate(texts):
            at = self.index.setdefault(text, len(self.counts))
            if at == len(self.counts):
                self.counts.append(0)
                self.grams.append(grams[i])
            if counted:
                self.counts[at] += counts[i]
            ours[i] = at
        return ours

    def vocabulary(self, min_count, most):
        """["<unk>", the most frequent words…]."""
        frequent = [(-n, w) for w, n in zip(self.index, self.counts) if n >= min_count and w != "<unk>"]
        return ["<unk>"] + [w for _, w in sorted(frequent)[:most - 1]]

    def rows(self, vocab):
        """Per word, its row in the vocabulary; 0 is unknown."""
        row_of = {w: i for i, w in enumerate(vocab)}
        return np.array([row_of.get(w, 0) for w in self.index], np.int64)

    def pieces(self):
        """(first piece of each word [W+1], gram ids [P,8], weights [P,8]): words cut into runs of 8 grams.

        The unused places of a piece have weight 0 and spread over the table, so that the atomic adds of
        the way back do not all meet in one row.
        """
        lengths = np.array([len(g) for g in self.grams], np.int64)
        counts = np.maximum(1, -(-lengths // PIECE))
        first = np.concatenate([[0], np.cumsum(counts)])
        flat = np.concatenate(self.grams) if self.grams else np.zeros(0, np.uint16)
        ids = np.arange(first[-1] * PIECE, dtype=np.int64) * 7919
        ids %= max(1, int(flat.max()) + 1 if flat.size else 1)
        weights = np.zeros(first[-1] * PIECE, np.float32)
        at = np.repeat(first[:-1] * PIECE, lengths) + ragged_arange(lengths)
        ids[at] = flat
        weights[at] = np.repeat(1.0 / np.maximum(lengths, 1), lengths)
        return first, ids.reshape(-1, PIECE), weights.reshape(-1, PIECE)


class Corpus:
    """Several datasets as one set of flat arrays. Those in `evaluated` give no words to the vocabulary."""

    SIZES = ("n_relations", "n_tokens", "n_states", "n_grams")

    def __init__(self, paths, evaluated=(), log=print):
        self.words = Words()
        self.names = [dataset_name(p) for p in list(paths) + list(evaluated)]
        self.meta = None
        self.state_mask = None
        files = []
        for i, path in enumerate(list(paths) + list(evaluated)):
            meta, tensors = tensor_file.read(path)
            self._check(path, meta, tensors)
            files.append(self._flatten(i, tensors, self.words.add(tensors, i < len(paths)), log))
        self.a = {k: np.concatenate([f[k] for f in files]) for k in files[0] if not k.endswith("_start")}
        self._join_starts(files)
        self._make_slots()

    def _check(self, path, meta, tensors):
        if meta.get("kind") != "dataset":
            raise tensor_file.TensorFileError("%s is not a dataset" % path)
        if self.meta is None:
            self.meta, self.state_mask = meta, tensors["state_mask"].astype(bool)
        elif any(meta[k] != self.meta[k] for k in self.SIZES) or \
                not np.array_equal(self.state_mask, tensors["state_mask"].astype(bool)):
            raise tensor_file.TensorFileError("%s was made for another grammar than the first dataset" % path)

    def _flatten(self, number, t, ours, log):
        nodes = _lengths(t["ex_node"])
        out = {"ex_n": nodes, "ex_steps": _lengths(t["ex_step"]), "ex_src": t["ex_src"],
               "ex_fold": t["ex_fold"], "ex_row": t["ex_row"],
               "ex_set": np.full(len(nodes), number, np.uint8),
               "node_words": _lengths(t["node_word_off"]), "words": ours[t["node_words"]]}
        for k in ("node_kind", "node_flags", "node_used", "node_role", "rel",
                  "step_kind", "step_id", "step_state"):
            out[k] = t[k]
        out["node_start"] = t["ex_node"][:-1].astype(np.int64)
        out["rel_start"] = t["ex_rel"][:-1].astype(np.int64)
        out["step_start"] = t["ex_step"][:-1].astype(np.int64)
        if not np.array_equal(_lengths(t["ex_rel"]), nodes * nodes):
            raise tensor_file.TensorFileError("ex_rel does not hold n × n relations an example")
        # On the device an index out of range would end the process without a word of why.
        for key, limit in (("rel", self.meta["n_relations"]), ("node_kind", KINDS), ("node_role", N_ROLES),
                           ("word_grams", self.meta["n_grams"]), ("node_used", 2)):
            if t[key].size and int(t[key].max()) >= limit:
                raise tensor_file.TensorFileError("%s: %s is out of range" % (self.names[number], key))
        out["ex_good"] = self._good(out)
        bad = int((~out["ex_good"]).sum())
        if bad:
            log("warning: %s: %d of %d examples left out (a target that the grammar's mask forbids, or %d steps"
                " exceeded)" % (self.names[number], bad, len(nodes), MAX_STEPS))
        return out

    def _good(self, f):
        """Which examples can be learnt: something in them, not too long, every target allowed."""
        n_tokens = self.meta["n_tokens"]
        kind, target = f["step_kind"].astype(np.int64), f["step_id"].astype(np.int64)
        owner = np.repeat(np.arange(len(f["ex_n"])), f["ex_steps"])
        token = kind == 0
        inside = (target >= 0) & (target < np.where(token, n_tokens, f["ex_n"][owner])) & (kind < KINDS)
        inside &= f["step_state"] < self.meta["n_states"]
        safe = np.where(inside, target, 0)
        column = np.where(token, safe, n_tokens + np.clip(kind, 1, KINDS - 1) - 1)
        state = np.minimum(f["step_state"], self.meta["n_states"] - 1)
        ok = inside & self.state_mask[state, column]
        if f["node_kind"].size:
            node = np.minimum(f["node_start"][owner] + np.where(token, 0, safe), f["node_kind"].size - 1)
            ok &= token | (f["node_kind"][node] == kind)
        good = (f["ex_n"] > 0) & (f["ex_steps"] > 0) & (f["ex_steps"] <= MAX_STEPS)
        good[owner[~ok]] = False
        return good

    def _join_starts(self, files):
        for start, flat in (("node_start", "node_kind"), ("rel_start", "rel"), ("step_start", "step_kind")):
            base = np.cumsum([0] + [f[flat].size for f in files[:-1]])
            self.a[start] = np.concatenate([f[start] + b for f, b in zip(files, base)])
        self.n_examples = len(self.a["ex_n"])

    def _make_slots(self):
        """A slot is one piece of one word of one node; an example's slots lie together."""
        a = self.a
        self.piece_first, self.piece_grams, self.piece_weights = self.words.pieces()
        n_nodes = a["node_kind"].size
        word = a.pop("words")
        pieces = np.diff(self.piece_first)[word]
        node_of_word = np.repeat(np.arange(n_nodes), a["node_words"])
        in_example = (np.arange(n_nodes) - np.repeat(a["node_start"], a["ex_n"])).astype(np.int32)
        part = ragged_arange(pieces)
        a["slot_word"] = np.repeat(word, pieces).astype(np.int32)
        a["slot_piece"] = (np.repeat(self.piece_first[word], pieces) + part).astype(np.int32)
        node = np.repeat(node_of_word, pieces)
        a["slot_node"] = in_example[node]
        a["slot_weight"] = (1.0 / a["node_words"][node]).astype(np.float32)
        a["slot_first"] = (part == 0).astype(np.float32)
        slots = np.bincount(node, minlength=n_nodes) if node.size else np.zeros(n_nodes, np.int64)
        ends = np.concatenate([[0], np.cumsum(slots)])
        a["slot_start"] = ends[a["node_start"]]
        a["ex_slots"] = ends[a["node_start"] + a["ex_n"]] - a["slot_start"]

    def describe(self):
        """{"set/source": examples}."""
        out = {}
        for s, name in enumerate(self.names):
            for src in np.unique(self.a["ex_src"][self.a["ex_set"] == s]).tolist():
                mine = (self.a["ex_set"] == s) & (self.a["ex_src"] == src) & self.a["ex_good"]
                out["%s/%s" % (name, source_name(src))] = int(mine.sum())
        return out


def source_name(src):
    return SOURCES[src] if src < len(SOURCES) else str(src)


class Shape:
    """The fixed sizes of one bucket's batches: examples, nodes, steps, slots."""

    def __init__(self, b, n, t, s):
        self.b, self.n, self.t, self.s = b, n, t, s

    def __repr__(self):
        return "B%d N%d T%d S%d" % (self.b, self.n, self.t, self.s)


def _cuts(sizes, most, step, cost):
    """At most `most` upper bounds (multiples of `step`) for `sizes` with the least padded cost."""
    tops = -(-sizes // step)
    count = np.bincount(tops, minlength=int(tops.max()) + 1).astype(np.float64)
    levels = len(count)
    total = np.concatenate([[0], np.cumsum(count)])
    price = np.array([cost(i * step) for i in range(levels)])
    best = np.where(total[1:] > 0, total[1:] * price, 0)      # one bucket up to and with level i
    back = [np.full(levels, -1)]
    for _ in range(most - 1):
        table = best[:, None] + (total[None, 1:] - total[1:, None]) * price[None, :]
        table[np.tril_indices(levels)] = np.inf
        came = table.argmin(0)
        better = table.min(0)
        back.append(np.where(better < best, came, -2))
        best = np.minimum(best, better)
    cuts, at, layer = [], levels - 1, most - 1
    while at >= 0:
        while back[layer][at] == -2:
            layer -= 1
        cuts.append(int(at * step))
        at, layer = int(back[layer][at]), layer - 1
    return sorted(cuts)


class Buckets:
    """Examples sorted into batches' shapes by their nodes and steps."""

    def __init__(self, corpus, examples, batch, node_buckets=8, step_buckets=3):
        a = corpus.a
        n, t, s = a["ex_n"][examples], a["ex_steps"][examples], a["ex_slots"][examples]
        n_cuts = _cuts(n, node_buckets, 8, lambda x: x * (300.0 + x))
        t_cuts = _cuts(t, step_buckets, 4, lambda x: x + 8.0)
        self.of = np.full(corpus.n_examples, -1)       # bucket of each example
        self.shapes = []
        for lo, hi in zip([0] + n_cuts, n_cuts):
            rows = np.flatnonzero((n > lo) & (n <= hi))
            size = max(8, min(batch, batch * 96 // hi) // 8 * 8)
            start = 0
            for i, top in enumerate(t_cuts):
                mine = rows[(t[rows] > start) & (t[rows] <= top)]
                # A bucket that cannot fill a batch waits for the next longer one.
                if not mine.size or (mine.size < size and top != t_cuts[-1] and (t[rows] > top).any()):
                    continue
                self.of[examples[mine]] = len(self.shapes)
                self.shapes.append(Shape(size, hi, int(min(top, MAX_STEPS)), int(-(-s[mine].max() // 8) * 8)))
                start = top


class DeviceCorpus:
    """The flat arrays of a corpus on the device."""

    def __init__(self, corpus, vocab, device):
        self.corpus, self.device = corpus, torch.device(device)
        self.t = {}
        a = corpus.a
        for k in ("node_start", "rel_start", "step_start", "slot_start"):
            self._put(k, a[k].astype(np.int64))
        for k in ("ex_n", "ex_steps", "ex_slots", "node_flags", "step_id", "slot_node"):
            self._put(k, a[k].astype(np.int32))
        for k in ("node_kind", "node_used", "node_role", "rel", "step_kind", "step_state"):
            self._put(k, a[k])
        for k in ("slot_piece", "slot_weight", "slot_first"):
            self._put(k, a[k])
        self._put("piece_grams", corpus.piece_grams.astype(np.int32))
        self._put("piece_weights", corpus.piece_weights)
        self.state_mask = torch.tensor(corpus.state_mask, device=self.device)
        self.n_tokens = corpus.meta["n_tokens"]
        self.n_relations = corpus.meta["n_relations"]
        self.teacher = None           # distributions to learn from, flat, as training.distil lays them
        self.teacher_start = None
        self.vocab = None
        self.use_vocabulary(vocab)

    def use_vocabulary(self, vocab):
        """Numbers the words by `vocab` from now on (teachers may know other words)."""
        if vocab is self.vocab or vocab == self.vocab:
            return
        self.vocab, self.n_vocab = vocab, len(vocab)
        self._put("slot_row", self.corpus.words.rows(vocab)[self.corpus.a["slot_word"]].astype(np.int32))

    def _put(self, key, array):
        self.t[key] = torch.from_numpy(np.ascontiguousarray(array)).to(self.device)

    def _spans(self, start, length, example, valid, width):
        """(flat index [B,width], mask): each example's own range, clamped to the array."""
        at = torch.arange(width, device=self.device)
        lengths = self.t[length].index_select(0, example).long() * valid
        mask = at < lengths.unsqueeze(1)
        index = self.t[start].index_select(0, example).unsqueeze(1) + at
        return index * mask, mask

    def _take(self, key, index):
        flat = self.t[key]
        if not flat.numel():
            return torch.zeros(index.shape, dtype=flat.dtype, device=self.device)
        return flat.index_select(0, index.reshape(-1)).view(index.shape)

    def batch(self, examples, shape):
        """Padded tensors of `examples` (int64 [B], -1 where there is none). No waiting, no dynamic shape."""
        valid = examples >= 0
        example = examples.clamp(min=0)
        out = {"valid": valid}
        self._nodes(out, example, valid, shape)
        self._slots(out, example, valid, shape)
        self._relations(out, example, valid, shape)
        self._steps(out, example, valid, shape)
        if self.teacher is not None:
            self._teacher(out, example, shape)
        return out

    def _nodes(self, out, example, valid, shape):
        index, mask = self._spans("node_start", "ex_n", example, valid, shape.n)
        kind = self._take("node_kind", index).long() * mask
        one_hot = (kind.unsqueeze(2) == torch.arange(KINDS, device=self.device)) & mask.unsqueeze(2)
        bits = torch.arange(FLAG_BITS, device=self.device, dtype=torch.int32)
        flags = (self._take("node_flags", index).unsqueeze(2) >> bits) & 1
        one_hot = one_hot.float()
        by_kind = (one_hot.unsqueeze(3) * flags.unsqueeze(2)).flatten(2)
        out.update(kind=kind, node_mask=mask, kind_one_hot=one_hot,
                   kind_flags=torch.cat([one_hot, by_kind], 2),
                   used=self._take("node_used", index).float(), role=self._take("node_role", index).long())

    def _slots(self, out, example, valid, shape):
        index, mask = self._spans("slot_start", "ex_slots", example, valid, shape.s)
        weight = self._take("slot_weight", index) * mask
        piece = self._take("slot_piece", index)
        spread = torch.arange(index.numel(), device=self.device).view(index.shape)
        row = torch.where(mask, self._take("slot_row", index).long(), spread % self.n_vocab)
        base = torch.arange(index.shape[0], device=self.device).unsqueeze(1) * shape.n
        node = torch.where(mask, self._take("slot_node", index).long(), spread % shape.n)
        grams = self.t["piece_grams"].index_select(0, piece.reshape(-1)).view(*index.shape, PIECE)
        gram_weight = self.t["piece_weights"].index_select(0, piece.reshape(-1)).view(*index.shape, PIECE)
        grams = torch.where(mask.unsqueeze(2), grams.long(), (grams + spread.unsqueeze(2)) % self._grams())
        out.update(slot_row=row, slot_node=base + node, slot_word_weight=weight * self._take("slot_first", index),
                   slot_grams=grams, slot_gram_weight=gram_weight * weight.unsqueeze(2))

    def _grams(self):
        return self.corpus.meta["n_grams"]

    def _relations(self, out, example, valid, shape):
        n = self.t["ex_n"].index_select(0, example).long() * valid
        at = torch.arange(shape.n, device=self.device)
        inside = (at.view(1, -1, 1) < n.view(-1, 1, 1)) & (at.view(1, 1, -1) < n.view(-1, 1, 1))
        start = self.t["rel_start"].index_select(0, example).view(-1, 1, 1)
        index = start + at.view(1, -1, 1) * n.view(-1, 1, 1) + at.view(1, 1, -1)
        rel = self._take("rel", index * inside).long()
        out["rel"] = torch.where(inside, rel, torch.full_like(rel, self.n_relations))

    def _steps(self, out, example, valid, shape):
        index, mask = self._spans("step_start", "ex_steps", example, valid, shape.t)
        kind = self._take("step_kind", index).long() * mask
        target = self._take("step_id", index).long() * mask
        out.update(step_kind=kind, step_id=target, step_mask=mask,
                   step_state=self._take("step_state", index).long() * mask,
                   target=target + (kind > 0) * self.n_tokens)

    def _teacher(self, out, example, shape):
        n = self.t["ex_n"].index_select(0, example).long()
        width = n + self.n_tokens
        step = torch.arange(shape.t, device=self.device).view(1, -1, 1)
        column = torch.arange(self.n_tokens + shape.n, device=self.device).view(1, 1, -1)
        inside = (column < width.view(-1, 1, 1)) & out["step_mask"].unsqueeze(2)
        index = self.teacher_start.index_select(0, example).view(-1, 1, 1) + step * width.view(-1, 1, 1) + column
        p = self.teacher.index_select(0, (index * inside).view(-1)).view(index.shape)
        out["teacher"] = p.float() * inside

