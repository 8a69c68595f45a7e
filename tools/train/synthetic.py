"""A made-up, learnable dataset: for the tests of the trainer and for its golden tensors.

A question names one or two columns of a small made-up schema and a cue word ("count", "largest", …).
The target repeats the cue as a token and points at the columns; sometimes a value follows.
"""

import numpy as np

SYLLABLES = ["ba", "co", "di", "fu", "ge", "ha", "ki", "lo", "mu", "ne", "po", "ra", "si", "tu", "ve", "zo"]
CUES = ["list", "count", "largest", "smallest", "average"]
FILLERS = ["show", "the", "of", "all", "please", "each"]
BOS, END, WHERE, FIRST_CUE = 0, 1, 2, 3
N_TOKENS = FIRST_CUE + len(CUES)
# Grammar states: start, an item's column, after an item, the column of a condition, its value, the end.
S_CUE, S_COLUMN, S_NEXT, S_WHERE, S_VALUE, S_END = range(6)
N_STATES = 6
NONE, WORD_COLUMN, COLUMN_WORD, SAME_TABLE, COLUMN_TABLE, TABLE_COLUMN, WORD_VALUE, VALUE_WORD, VALUE_COLUMN, \
    COLUMN_VALUE, BEFORE, AFTER, SELF = range(13)
N_RELATIONS = 13
F_MATCHED, F_TEXT = 0, 3


def gram_ids(word, n_grams):
    """Buckets of the character 3-grams of "<word>" (any hash does: the file carries the ids)."""
    padded = "<%s>" % word
    out = []
    for i in range(len(padded) - 2):
        h = 2166136261
        for byte in padded[i:i + 3].encode():
            h = ((h ^ byte) * 16777619) & 0xFFFFFFFF
        out.append(h % n_grams)
    return out


def state_mask():
    mask = np.zeros((N_STATES, N_TOKENS + 3), np.uint8)
    mask[S_CUE, FIRST_CUE:N_TOKENS] = 1
    mask[S_COLUMN, N_TOKENS:N_TOKENS + 2] = 1          # a column, or a table to count
    mask[S_NEXT, [END, WHERE]] = 1
    mask[S_WHERE, N_TOKENS] = 1
    mask[S_VALUE, N_TOKENS + 2] = 1
    mask[S_END, END] = 1
    return mask


class Maker:
    """Collects examples and returns the tensors of a dataset file."""

    def __init__(self, seed, n_grams=8192, n_words=120):
        self.rng = np.random.default_rng(seed)
        self.n_grams = n_grams
        self.pool = ["".join(self.rng.choice(SYLLABLES, self.rng.integers(2, 6))) for _ in range(n_words)]
        self.words, self.counts = {}, []
        self.out = {k: [] for k in ("node_kind", "node_flags", "node_words", "node_used", "node_role", "rel",
                                    "step_kind", "step_id", "step_state", "ex_db", "ex_src", "ex_row", "ex_fold")}
        self.ex_node, self.ex_rel, self.ex_step, self.node_word_off = [0], [0], [0], [0]
        self.schemas = []

    def schema(self):
        """A table of 3 to 9 columns, each named by one or two words."""
        count = int(self.rng.integers(3, 10))
        names = [list(self.rng.choice(self.pool, self.rng.integers(1, 3))) for _ in range(count)]
        self.schemas.append((list(self.rng.choice(self.pool, 1)), names))

    def _node(self, kind, words, flags=0, used=0, role=0):
        ids = []
        for word in words:
            at = self.words.setdefault(str(word), len(self.counts))
            if at == len(self.counts):
                self.counts.append(0)
            self.counts[at] += 1
            ids.append(at)
        self.out["node_kind"].append(kind)
        self.out["node_flags"].append(flags)
        self.out["node_words"] += ids
        self.out["node_used"].append(used)
        self.out["node_role"].append(role)
        self.node_word_off.append(len(self.out["node_words"]))

    def example(self, src=0, row=0):
        rng = self.rng
        db = int(rng.integers(len(self.schemas)))
        table, columns = self.schemas[db]
        selected, filtered = (int(c) for c in rng.choice(len(columns), 2, replace=False))
        cue = int(rng.integers(len(CUES)))
        value = str(rng.choice(self.pool)) if rng.random() < 0.5 else None
        counted = CUES[cue] == "count" and rng.random() < 0.5
        question = [str(w) for w in rng.choice(FILLERS, rng.integers(1, 4))] + [CUES[cue]]
        question += table if counted else columns[selected]
        if value:
            question += ["where"] + columns[filtered] + ["is", value]
        q, c = len(question), len(columns)
        for word in question:
            self._node(0, [word])
        in_question = set(question)
        for i, name in enumerate(columns):
            role = 1 if i == selected and not counted else 2 if value and i == filtered else 0
            flags = int(set(name) <= in_question) << F_MATCHED | 1 << F_TEXT
            self._node(1, name, flags, int(role > 0), role)
        self._node(2, table, int(counted) << F_MATCHED, int(counted))
        if value:
            self._node(3, [value], 1 << F_MATCHED, 1)
        self._relations(question, columns, q, c, value)
        steps = [(0, FIRST_CUE + cue, S_CUE),
                 (2, q + c, S_COLUMN) if counted else (1, q + selected, S_COLUMN)]
        if value:
            steps += [(0, WHERE, S_NEXT), (1, q + filtered, S_WHERE), (3, q + c + 1, S_VALUE), (0, END, S_END)]
        else:
            steps += [(0, END, S_NEXT)]
        for key, values in zip(("step_kind", "step_id", "step_state"), zip(*steps)):
            self.out[key] += values
        self.ex_node.append(len(self.out["node_kind"]))
        self.ex_step.append(len(self.out["step_kind"]))
        for key, number in (("ex_db", db), ("ex_src", src), ("ex_row", row), ("ex_fold", db % 5)):
            self.out[key].append(number)

    def _relations(self, question, columns, q, c, value):
        n = q + c + 1 + (1 if value else 0)
        rel = np.zeros((n, n), np.uint8)
        for i in range(q):
            rel[i, :q] = AFTER
            rel[i, i:q] = BEFORE
            for j, name in enumerate(columns):
                if question[i] in name:
                    rel[i, q + j], rel[q + j, i] = WORD_COLUMN, COLUMN_WORD
            if value == question[i]:
                rel[i, n - 1], rel[n - 1, i] = WORD_VALUE, VALUE_WORD
        rel[q:q + c, q:q + c] = SAME_TABLE
        rel[q:q + c, q + c], rel[q + c, q:q + c] = COLUMN_TABLE, TABLE_COLUMN
        if value:
            rel[q:q + c, n - 1], rel[n - 1, q:q + c] = COLUMN_VALUE, VALUE_COLUMN
        np.fill_diagonal(rel, SELF)
        self.out["rel"].append(rel.ravel())
        self.ex_rel.append(self.ex_rel[-1] + n * n)

    def finish(self):
        """(meta, tensors)."""
        texts = [w.encode() for w in self.words]
        grams = [gram_ids(w, self.n_grams) for w in self.words]
        names = [("db%d" % i).encode() for i in range(len(self.schemas))]
        o = self.out

        def offsets(items):
            return np.concatenate([[0], np.cumsum([len(i) for i in items])]).astype(np.int32)

        def bytes_of(items):
            return np.frombuffer(b"".join(items), np.uint8)

        tensors = {"word_text": bytes_of(texts), "word_off": offsets(texts),
                   "word_count": np.array(self.counts, np.int32), "word_gram_off": offsets(grams),
                   "word_grams": np.array(sum(grams, []), np.uint16),
                   "ex_node": np.array(self.ex_node, np.int64), "ex_rel": np.array(self.ex_rel, np.int64),
                   "ex_step": np.array(self.ex_step, np.int64),
                   "node_word_off": np.array(self.node_word_off, np.int64),
                   "rel": np.concatenate(o["rel"]), "state_mask": state_mask(),
                   "db_text": bytes_of(names), "db_off": offsets(names)}
        types = {"node_flags": np.uint16, "node_words": np.int32, "step_id": np.int32, "ex_db": np.int32,
                 "ex_row": np.int32}
        for key, values in o.items():
            if key != "rel":
                tensors[key] = np.array(values, types.get(key, np.uint8))
        meta = {"kind": "dataset", "n_relations": N_RELATIONS, "n_tokens": N_TOKENS, "n_states": N_STATES,
                "n_grams": self.n_grams, "n_flags": 64, "n_roles": 8}
        return meta, tensors


def dataset(seed, examples, schemas=20, n_grams=8192, src=0):
    maker = Maker(seed, n_grams)
    for _ in range(schemas):
        maker.schema()
    for row in range(examples):
        maker.example(src, row)
    return maker.finish()
