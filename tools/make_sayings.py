#!/usr/bin/env python3
"""Learns from training questions which words people say for which words of a schema: models/sayings.bin.

  tools/make_sayings.py --data sp.emt syn.emt [--reworded spider-syn/train.json] --out models/sayings.bin [--folds]

Reads data sets that `emend-prepare` wrote without sayings and with one variant a question. A word of a question is free
when it is no part of a name and of no stored value; a table or column is open when no word of the question is part
of its name. Counted is how often a free word comes with an open name that the query uses, against how often it
comes with one that the query does not use. Kept are the pairs of words where the first is frequent
and likely:

  kind 1  in the questions of --reworded one stands where the original question has the other
  kind 2  said where the name is meant: "old" for an age, "seats" for a capacity

The file's format is that of synonyms.bin. With --folds, OUT.0 … OUT.9 are written too, each learnt without the databases of
one fold: what `emend-prepare --sayings OUT` shows the network of an example must come from other databases, as it will
when the network is used.
"""

import argparse
import collections
import difflib
import json
import os
import re
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "train"))

import tensor_file  # noqa: E402
from make_synonyms import pack  # noqa: E402

FOLDS = 10
LEAST, TIMES_BASE, LEAST_SHARE, LEAST_REWORDED = 4, 3, 0.25, 3
SAID_FOR, MEANT = 1, 2
WORD, COLUMN, TABLE = 0, 1, 2
NUMBER, STOP, IN_VALUE = 1 << 2, 1 << 4, 1 << 5
NEVER = ("chinook_1", "store_1")
HERE = os.path.dirname(os.path.abspath(__file__))


def relations():
    path = os.path.join(HERE, "..", "src", "model", "relations.def")
    with open(path, encoding="utf-8") as f:
        names = re.findall(r"RELATION\((\w+)\)", re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S))
    return {name: i for i, name in enumerate(names)}


def named(kind):
    """The relations of a word that is part of a name."""
    ids = relations()
    return [ids["WORD_%s_%s" % (kind, x)] for x in ("PARTIAL", "LAST", "ALIAS", "EXACT")]


def singular(word):
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("es") and len(word) > 4 and word[-3] in "sxhz":
        return word[:-2]
    return word[:-1] if word.endswith("s") and len(word) > 3 and not word.endswith("ss") else word


def fold_of(db):
    h = 2166136261
    for byte in db.encode():
        h = ((h ^ byte) * 16777619) & 0xFFFFFFFF
    return h % FOLDS


def texts(blob, offsets):
    raw, at = blob.tobytes(), offsets.tolist()
    return [raw[a:b].decode("utf-8", "replace") for a, b in zip(at, at[1:])]


def examples(path):
    """(fold, free words, words of open names that are used, of those that are not) for each example."""
    _, t = tensor_file.read(path)
    words = [singular(w) for w in texts(t["word_text"], t["word_off"])]
    of_column, of_table = named("COLUMN"), named("TABLE")
    for e in range(len(t["ex_node"]) - 1):
        start, end = t["ex_node"][e], t["ex_node"][e + 1]
        n = end - start
        kind, flags, used = (t[k][start:end] for k in ("node_kind", "node_flags", "node_used"))
        rel = t["rel"][t["ex_rel"][e]:t["ex_rel"][e] + n * n].reshape(n, n)
        spoken = np.flatnonzero(kind == WORD)
        free, used_words, other = set(spoken.tolist()), set(), set()
        for node in np.flatnonzero((kind == COLUMN) | (kind == TABLE)):
            hit = np.isin(rel[spoken, node], of_column if kind[node] == COLUMN else of_table)
            free -= set(spoken[hit].tolist())
            if not hit.any():
                mine = t["node_words"][t["node_word_off"][start + node]:t["node_word_off"][start + node + 1]]
                (used_words if used[node] else other).update(words[w] for w in mine)
        dull = NUMBER | STOP | IN_VALUE
        said = {words[t["node_words"][t["node_word_off"][start + i]]] for i in free if not flags[i] & dull}
        yield int(t["ex_fold"][e]), said, used_words, other - used_words


class Counts:
    """How often words come together, by fold."""

    def __init__(self):
        self.used, self.unused = collections.Counter(), collections.Counter()
        self.names_used, self.names_unused = collections.Counter(), collections.Counter()

    def add(self, said, used, other):
        for name in used:
            self.names_used[name] += 1
            self.used.update((word, name) for word in said)
        for name in other:
            self.names_unused[name] += 1
            self.unused.update((word, name) for word in said)


def reworded(path):
    """By fold: (new word, old word) → how often."""
    out = collections.defaultdict(collections.Counter)
    with open(path, encoding="utf-8") as f:
        rows = json.load(f)
    for row in rows:
        if row["db_id"] in NEVER:
            continue
        old, new = (re.findall(r"[a-z0-9]+", row[k].lower()) for k in ("SpiderQuestion", "SpiderSynQuestion"))
        for op, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if op == "replace" and j - i == 1 and m - k == 1:
                out[fold_of(row["db_id"])][singular(new[k]), singular(old[i])] += 1
    return out


def learn(counts, rewordings, left_out):
    """(word, word) → kind, from all folds but one."""
    c, said_for, pairs = Counts(), collections.Counter(), {}
    for fold, mine in counts.items():
        if fold != left_out:
            for name in vars(c):
                getattr(c, name).update(getattr(mine, name))
    for fold, mine in rewordings.items():
        if fold != left_out:
            said_for.update(mine)
    for (word, name), n in c.used.items():
        share = n / (n + c.unused[word, name] + 1)
        base = c.names_used[name] / (c.names_used[name] + c.names_unused[name])
        if n >= LEAST and word != name and share >= max(LEAST_SHARE, TIMES_BASE * base):
            pairs[min(word, name), max(word, name)] = MEANT
    for (word, name), n in said_for.items():
        if n >= LEAST_REWORDED and word != name and word.isalpha() and name.isalpha():
            pairs[min(word, name), max(word, name)] = SAID_FOR
    return pairs


def write(path, pairs):
    words = sorted({w for pair in pairs for w in pair}, key=lambda w: w.encode())
    number = {w: i for i, w in enumerate(words)}
    edges = [[] for _ in words]
    for (a, b), kind in pairs.items():
        first, second = sorted((number[a], number[b]))
        edges[first].append((second, kind))
    data = pack(words, [sorted(e) for e in edges])
    with open(path, "wb") as f:
        f.write(data)
    kinds = collections.Counter(pairs.values())
    print("%s: %d words, %d said for another, %d meant, %d bytes"
          % (path, len(words), kinds[SAID_FOR], kinds[MEANT], len(data)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--reworded")
    parser.add_argument("--out", default="models/sayings.bin")
    parser.add_argument("--folds", action="store_true")
    args = parser.parse_args()
    counts = collections.defaultdict(Counts)
    for path in args.data:
        for fold, said, used, other in examples(path):
            counts[fold].add(said, used, other)
    rewordings = reworded(args.reworded) if args.reworded else {}
    write(args.out, learn(counts, rewordings, None))
    for fold in range(FOLDS) if args.folds else []:
        write("%s.%d" % (args.out, fold), learn(counts, rewordings, fold))


if __name__ == "__main__":
    main()
