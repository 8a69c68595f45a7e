#!/usr/bin/env python3
"""Compacts WordNet's relations between words into models/synonyms.bin.

  tools/make_synonyms.py [--wordnet /usr/share/wordnet] [--out models/synonyms.bin]

Beside the file goes WordNet's licence (models/synonyms.LICENSE). The reader and the description of the
format are src/text/synonyms.c. Which words and relations are kept:

  words       lemmas of letters that WordNet's tagged texts or several of its glosses use, and whatever
              shares one of the first two senses of a tagged word ("aerodrome" with "airport")
  phrases     nouns of two or three words, as "given_name", that share one of their first two senses with
              another noun, where one of them is in use as above; names of persons and places are
              left out, and only synonyms are kept
  synonym     in one synset, among the first three senses of either word
  derivation  derived forms, pertainyms and attributes ("tall": "height") of the first three senses
  hypernym    the nearest hypernyms of the first two senses that are single words; for the first sense of a noun also the one
              above, and its sisters in small families ("town": "city"). The nearest hypernyms of a noun's first
              sense, where they are one of the two first senses of theirs, are kept apart: "puppy" is a kind of "dog"

Irregular forms ("people", "bought") are words too, with a link to their lemma.
"""

import argparse
import collections
import re
import struct

FILES = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
SYNONYM, DERIVATION, HYPERNYM, FORM, KIND, KINDS = 1, 2, 3, 4, 5, 6
DERIVED = ("+", "\\", "=", "<")
SENSES_SYNONYM, SENSES_DERIVED, SENSES_HYPERNYM = 3, 3, 2
GLOSSES, SMALL_FAMILY = 3, 12
MAGIC, VERSION = b"EMENDSY1", 2
MASK64 = (1 << 64) - 1

Synset = collections.namedtuple("Synset", "words pointers gloss")


def read_synsets(folder):
    """(pos, offset) → Synset; pointers are (symbol, target key, source word, target word), from 1; 0: all."""
    out = {}
    for pos, name in FILES.items():
        with open("%s/data.%s" % (folder, name), encoding="utf-8") as f:
            for line in f:
                if line.startswith(" "):
                    continue
                head, _, gloss = line.partition("|")
                t = head.split()
                count = int(t[3], 16)
                words = [re.sub(r"\(.*\)", "", t[4 + 2 * i]).lower() for i in range(count)]
                at = 4 + 2 * count
                pointers = []
                for i in range(int(t[at])):
                    symbol, offset, kind, ends = t[at + 1 + 4 * i:at + 5 + 4 * i]
                    key = ("a" if kind == "s" else kind, offset)
                    pointers.append((symbol, key, int(ends[:2], 16), int(ends[2:], 16)))
                out[pos, t[0]] = Synset(words, pointers, gloss)
    return out


def read_senses(folder):
    """(lemma → [(synset key, rank)…], lemma → number of tagged senses)."""
    senses, tagged = collections.defaultdict(list), collections.Counter()
    for pos, name in FILES.items():
        with open("%s/index.%s" % (folder, name), encoding="utf-8") as f:
            for line in f:
                if line.startswith(" "):
                    continue
                t = line.split()
                at = 4 + int(t[3])
                tagged[t[0]] += int(t[at + 1])
                for rank, offset in enumerate(t[at + 2:]):
                    senses[t[0]].append(((pos, offset), rank))
    return senses, tagged


def plain(word):
    return re.fullmatch(r"[a-z]{2,40}", word) is not None


def choose_words(synsets, senses, tagged):
    in_glosses = collections.Counter()
    for synset in synsets.values():
        in_glosses.update(set(re.findall(r"[a-z]+", synset.gloss.lower())))
    out = {w for w in senses if plain(w) and (tagged[w] or in_glosses[w] >= GLOSSES)}
    near = {key for w in out if tagged[w] for key, rank in senses[w] if rank < 2}
    return out | {w for key in near for w in synsets[key].words if plain(w) and w in senses}


def choose_phrases(synsets, senses, words, tagged):
    out = set()
    for phrase in senses:
        if not re.fullmatch(r"[a-z]{2,20}(_[a-z]{2,20}){1,2}", phrase):
            continue
        for key, rank in senses[phrase]:
            named = any(symbol == "@i" for symbol, _, _, _ in synsets[key].pointers)
            others = [w for w in synsets[key].words if w != phrase and w in senses and re.fullmatch(r"[a-z_]{2,40}", w)]
            if key[0] == "n" and rank < 2 and not named and any(tagged[w] or w in words for w in others + [phrase]):
                out |= {phrase, *others}
    return out


class Relations:
    """Pairs of words with their closest relation."""

    def __init__(self, synsets, senses, words, phrases):
        self.synsets, self.senses, self.words, self.phrases = synsets, senses, words, phrases
        self.pairs = {}
        self.below = set()  # (word, what it is a kind of)
        self.rank = {(w, key): rank for w in words for key, rank in senses[w]}
        self.hyponyms = collections.defaultdict(list)
        for key, synset in synsets.items():
            for above in self.above(synset):
                self.hyponyms[above].append(key)

    @staticmethod
    def above(synset):
        return [target for symbol, target, _, _ in synset.pointers if symbol in ("@", "@i")]

    def above_named(self, synset):
        """The nearest synsets above that hold one of our words: "car" is a "motor_vehicle", a … "vehicle"."""
        out = set()
        for key in self.above(synset):
            named = any(w in self.words for w in self.synsets[key].words)
            out |= {key} if named else self.above_named(self.synsets[key])
        return out

    def add(self, a, b, kind):
        if a != b and b in self.words:
            key = (a, b) if a < b else (b, a)
            self.pairs[key] = min(kind, self.pairs.get(key, kind))

    def add_all(self):
        for word in self.words:
            for key, rank in self.senses[word]:
                synset = self.synsets[key]
                if rank < SENSES_SYNONYM:
                    for other in synset.words:
                        self.add(word, other, SYNONYM)
                if rank < SENSES_DERIVED:
                    self.add_derived(word, synset)
                if rank < SENSES_HYPERNYM and key[0] in "nv":
                    for above in self.above_named(synset):
                        for other in self.synsets[above].words:
                            self.add(word, other, HYPERNYM)
                            if rank == 0 and key[0] == "n" and self.rank.get((other, above), 9) < 2:
                                self.below.add((word, other))
                if rank == 0 and key[0] == "n":
                    self.add_family(word, synset)

    def direction(self, a, b, kind):
        """The kind of the edge from a to b."""
        down, up = (a, b) in self.below, (b, a) in self.below
        if kind != HYPERNYM or down == up:
            return kind
        return KIND if down else KINDS

    def add_phrases(self):
        everything = self.words | self.phrases
        for phrase in sorted(w for w in self.phrases if "_" in w):
            for key, rank in self.senses[phrase]:
                for other in self.synsets[key].words if key[0] == "n" and rank < 2 else []:
                    if other != phrase and other in everything:
                        self.pairs[min(phrase, other), max(phrase, other)] = SYNONYM

    def add_derived(self, word, synset):
        for symbol, target, source, to in synset.pointers:
            if symbol in DERIVED and (not source or synset.words[source - 1] == word):
                others = self.synsets[target].words
                for other in [others[to - 1]] if to else others[:2]:
                    self.add(word, other, DERIVATION)

    def add_family(self, word, synset):
        """Grandparents and sisters, where they are a frequent sense of theirs too."""
        for above in self.above(synset):
            for further in self.above_named(self.synsets[above]):
                for other in self.synsets[further].words:
                    if self.rank.get((other, further), 9) < 2:
                        self.add(word, other, HYPERNYM)
            sisters = self.hyponyms[above]
            for sister in sisters if len(sisters) <= SMALL_FAMILY else []:
                for other in self.synsets[sister].words:
                    if self.rank.get((other, sister), 9) == 0:
                        self.add(word, other, HYPERNYM)


def read_irregular(folder, words):
    """(form, lemma) pairs, "people" → "person"."""
    out = set()
    for name in FILES.values():
        with open("%s/%s.exc" % (folder, name), encoding="utf-8") as f:
            for line in f:
                form, *lemmas = line.split()
                out.update((form, lemma) for lemma in lemmas if plain(form) and lemma in words and form != lemma)
    return out


def fnv32(data):
    h = 2166136261
    for byte in data:
        h = ((h ^ byte) * 16777619) & 0xFFFFFFFF
    return h


def fnv64_words(data):
    h = 14695981039346656037
    for (word,) in struct.iter_unpack("<Q", data + b"\0" * (-len(data) % 8)):
        h = ((h ^ word) * 1099511628211) & MASK64
    return h


def pack(words, edges):
    """The file's bytes. `words` sorted; `edges` per word its forms, then its relations, as sorted
    (other word's number, kind)."""
    raw = [w.encode() for w in words]
    n_slots = 1
    while n_slots < len(raw) * 3 // 2:
        n_slots *= 2
    slots = [0] * n_slots
    for i, word in enumerate(raw):
        at = fnv32(word) & (n_slots - 1)
        while slots[at]:
            at = (at + 1) & (n_slots - 1)
        slots[at] = i + 1
    word_off, edge_off = [0], [0]
    for word, mine in zip(raw, edges):
        word_off.append(word_off[-1] + len(word))
        edge_off.append(edge_off[-1] + len(mine))
    flat = [e for mine in edges for e in mine]
    out = MAGIC + struct.pack("<6I", VERSION, len(raw), len(flat), n_slots, word_off[-1], 0)
    out += struct.pack("<%dI" % len(word_off), *word_off) + struct.pack("<%dI" % len(edge_off), *edge_off)
    out += struct.pack("<%dH" % n_slots, *slots) + struct.pack("<%dH" % len(flat), *[t for t, _ in flat])
    out += bytes(kind for _, kind in flat) + b"".join(raw)
    out += b"\0" * (-len(out) % 8)
    return out + struct.pack("<Q", fnv64_words(out))


def write_licence(folder, path):
    """The head of every WordNet file, without its line numbers."""
    lines = []
    with open("%s/data.noun" % folder, encoding="utf-8") as f:
        for line in f:
            if not line.startswith("  "):
                break
            lines.append(re.sub(r"^ *\d+ ?", "", line.rstrip()).rstrip())
    with open(path, "w", encoding="utf-8") as f:
        f.write("synonyms.bin is derived from WordNet 3.0, whose licence follows.\n\n" + "\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wordnet", default="/usr/share/wordnet")
    parser.add_argument("--out", default="models/synonyms.bin")
    args = parser.parse_args()
    synsets = read_synsets(args.wordnet)
    senses, tagged = read_senses(args.wordnet)
    lemmas = choose_words(synsets, senses, tagged)
    relations = Relations(synsets, senses, lemmas, choose_phrases(synsets, senses, lemmas, tagged))
    relations.add_all()
    relations.add_phrases()
    irregular = read_irregular(args.wordnet, lemmas)
    linked = {w for pair in relations.pairs for w in pair}
    irregular = {(form, lemma) for form, lemma in irregular if lemma in linked}
    words = sorted(linked | {form for form, _ in irregular})
    number = {w: i for i, w in enumerate(words)}
    # A relation is kept once, with the word that comes first; a form, with itself.
    edges = [[] for _ in words]
    for (a, b), kind in relations.pairs.items():
        edges[number[a]].append((number[b], relations.direction(a, b, kind)))
    for form, lemma in irregular:
        edges[number[form]].append((number[lemma], FORM))
    data = pack(words, [sorted(e, key=lambda x: (x[1] != FORM, x)) for e in edges])
    with open(args.out, "wb") as f:
        f.write(data)
    write_licence(args.wordnet, re.sub(r"\.bin$", "", args.out) + ".LICENSE")
    kinds = collections.Counter(relations.pairs.values())
    print("%d words, %d synonyms, %d derivations, %d hypernyms, %d forms, %d bytes"
          % (len(words), kinds[SYNONYM], kinds[DERIVATION], kinds[HYPERNYM], len(irregular), len(data)))


if __name__ == "__main__":
    main()
