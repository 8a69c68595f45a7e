#!/usr/bin/env python3
"""Writes tests/cases/network/golden.emt: a tiny network, three examples, and what must come out.

The tests of the C network compare their forward pass and gradients with it. Run it again only when
docs/network.md changes:  tools/train/make_golden.py tests/cases/network/golden.emt
"""

import sys

import numpy as np
import torch

import data
import synthetic
import tensor_file
from network import Config, Parameters, losses
from training import new_network

GRADIENTS = ["emb.word", "emb.gram", "emb.flag", "enc.0.wq", "enc.0.rk", "enc.0.rv", "enc.1.rb", "enc.0.ln1.g",
             "enc.1.w1", "used.w", "role.b", "dec.0.sk", "dec.0.cq", "dec.ptr_in", "dec.state", "out.pq.0",
             "out.pk", "out.tok.b"]
VOCABULARY = 20
EXAMPLES = 3


def randomise(parameters, seed):
    """Every tensor away from its initial value, so that no bias or norm is left untested."""
    generator = torch.Generator().manual_seed(seed)
    for name in parameters.place:
        value = parameters.view(name)
        value.add_(torch.randn(value.shape, generator=generator) * (0.2 if value.dim() == 1 else 0.1))


def main(path):
    torch.set_num_threads(1)
    meta, tensors = synthetic.dataset(seed=4, examples=EXAMPLES, schemas=2, n_grams=64)
    tensor_file.write(path, meta, tensors)
    corpus = data.Corpus([path])
    vocab = corpus.words.vocabulary(1, VOCABULARY)
    config = Config(32, 4, 2, 1, 64, vocab, *[corpus.meta[k] for k in data.Corpus.SIZES])
    parameters = Parameters(config, "cpu")
    parameters.initialise(5)
    randomise(parameters, 6)
    dc = data.DeviceCorpus(corpus, vocab, "cpu")
    network = new_network(parameters, dc)
    a = corpus.a
    shape = data.Shape(EXAMPLES, int(a["ex_n"].max()), int(a["ex_steps"].max()), int(a["ex_slots"].max()))
    batch = dc.batch(torch.arange(EXAMPLES), shape)
    out = network.forward(batch, parameters.unpack())
    loss = losses(out, batch)["loss"].mean()
    gradients = torch.autograd.grad(loss, parameters.flat)
    for name, value in parameters.state().items():
        tensors["w." + name] = value
    for e in range(EXAMPLES):
        n, steps = int(a["ex_n"][e]), int(a["ex_steps"][e])
        for key, value in (("memory", out["memory"][e, :n]), ("used", out["used"][e, :n]),
                           ("role", out["role"][e, :n]),
                           ("logits", out["logp"][e, :steps, :config.n_tokens + n])):
            tensors["out.%s.%d" % (key, e)] = np.ascontiguousarray(value.detach().numpy())
    tensors["out.loss"] = loss.detach().reshape(1).numpy()
    for name in GRADIENTS:
        tensors["grad." + name] = parameters.view(name, list(gradients)).numpy()
    meta.update(kind="golden", smoothing=0.1, weights=config.meta())
    tensor_file.write(path, meta, tensors)


if __name__ == "__main__":
    main(sys.argv[1])
