#!/usr/bin/env python3
"""Tests of the reference trainer: python3 tools/train/test_reference.py (needs numpy and PyTorch).

The network is checked against a second implementation, written plainly from docs/network.md in
float64 without batches or padding, over the golden tensors that the C tests use too.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import numpy as np
import torch

import data
import synthetic
import tensor_file
import training
from network import Config, Parameters, Regularisation, losses

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "..", "..", "tests", "cases", "network", "golden.emt")


def norm(x, w, at):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt(centred.var(-1, keepdims=True) + 1e-5) * w[at + ".g"] + w[at + ".b"]


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


class Plain:
    """One example at a time, in the words of the specification."""

    def __init__(self, meta, tensors):
        self.c, self.t = meta["weights"], tensors
        self.w = {k[2:]: v.astype(np.float64) for k, v in tensors.items() if k.startswith("w.")}
        self.d, self.heads = self.c["d"], self.c["heads"]
        self.dh = self.d // self.heads

    def embed(self, first, n):
        t, w = self.t, self.w
        raw, at = t["word_text"].tobytes(), t["word_off"]
        out = np.zeros((n, self.d))
        for i in range(n):
            words = t["node_words"][t["node_word_off"][first + i]:t["node_word_off"][first + i + 1]]
            for word in words:
                text = raw[at[word]:at[word + 1]].decode()
                row = self.c["vocab"].index(text) if text in self.c["vocab"] else 0
                grams = t["word_grams"][t["word_gram_off"][word]:t["word_gram_off"][word + 1]]
                out[i] += (w["emb.word"][row] + w["emb.gram"][grams].mean(0)) / len(words)
            kind = t["node_kind"][first + i]
            out[i] += w["emb.kind"][kind]
            for f in range(16):
                if t["node_flags"][first + i] >> f & 1:
                    out[i] += w["emb.flag"][kind * 16 + f]
        return norm(out, w, "emb.ln")

    def encode(self, x, rel):
        w, dh = self.w, self.dh
        for l in range(self.c["enc"]):
            at = "enc.%d." % l
            h = norm(x, w, at + "ln1")
            q, k, v = (h @ w[at + "w" + s].T + w[at + "b" + s] for s in "qkv")
            out = np.zeros_like(x)
            for head in range(self.heads):
                cut = slice(head * dh, (head + 1) * dh)
                e = q[:, cut] @ k[:, cut].T + np.einsum("id,ijd->ij", q[:, cut], w[at + "rk"][rel])
                a = softmax((e + w[at + "rb"][rel, head]) / np.sqrt(dh))
                out[:, cut] = a @ v[:, cut] + np.einsum("ij,ijd->id", a, w[at + "rv"][rel])
            x = x + out @ w[at + "wo"].T + w[at + "bo"]
            x = self.feed(x, at, "ln2")
        return norm(x, w, "enc.ln")

    def feed(self, x, at, name):
        w = self.w
        hidden = np.maximum(norm(x, w, at + name) @ w[at + "w1"].T + w[at + "b1"], 0)
        return x + hidden @ w[at + "w2"].T + w[at + "b2"]

    def attend(self, h, m, at, letter, mask):
        w, dh = self.w, self.dh
        q, k, v = (y @ w[at + letter + s].T + w[at + letter + s + "b"] for y, s in ((h, "q"), (m, "k"), (m, "v")))
        out = np.zeros_like(q)
        for head in range(self.heads):
            cut = slice(head * dh, (head + 1) * dh)
            out[:, cut] = softmax(q[:, cut] @ k[:, cut].T / np.sqrt(dh) + mask) @ v[:, cut]
        return out @ w[at + letter + "o"].T + w[at + letter + "ob"]

    def decode(self, m, kinds, targets, states):
        w, steps = self.w, len(kinds)
        y = np.zeros((steps, self.d))
        for s in range(steps):
            if s == 0:
                y[s] = w["dec.tok"][0]
            elif kinds[s - 1] == 0:
                y[s] = w["dec.tok"][targets[s - 1]]
            else:
                y[s] = w["dec.ptr_in"] @ m[targets[s - 1]] + w["dec.ptr_kind"][kinds[s - 1] - 1]
            y[s] += w["dec.state"][states[s]] + w["dec.pos"][s]
        causal = np.triu(np.full((steps, steps), -np.inf), 1)
        for l in range(self.c["dec"]):
            at = "dec.%d." % l
            h = norm(y, w, at + "ln1")
            y = y + self.attend(h, h, at, "s", causal)
            y = y + self.attend(norm(y, w, at + "ln2"), m, at, "c", 0)
            y = self.feed(y, at, "ln3")
        return norm(y, w, "dec.ln")

    def example(self, e):
        """(memory, log-probabilities, used, role, whole loss)."""
        t, w = self.t, self.w
        first, last = t["ex_node"][e:e + 2]
        n = int(last - first)
        rel = t["rel"][t["ex_rel"][e]:t["ex_rel"][e + 1]].reshape(n, n)
        m = self.encode(self.embed(first, n), rel)
        span = slice(t["ex_step"][e], t["ex_step"][e + 1])
        kinds, targets, states = (t["step_" + k][span] for k in ("kind", "id", "state"))
        z = self.decode(m, kinds, targets, states)
        node_kind = t["node_kind"][first:last]
        logits = np.full((len(kinds), self.c["n_tokens"] + n), -np.inf)
        for s, state in enumerate(states):
            allowed = t["state_mask"][state]
            for token in np.flatnonzero(allowed[:-3]):
                logits[s, token] = z[s] @ w["out.tok.w"][token] + w["out.tok.b"][token]
            for j, kind in enumerate(node_kind):
                if kind and allowed[self.c["n_tokens"] + kind - 1]:
                    score = (w["out.pq.%d" % (kind - 1)] @ z[s]) @ (w["out.pk"] @ m[j])
                    logits[s, self.c["n_tokens"] + j] = score / np.sqrt(self.d)
        logp = np.log(softmax(logits) + 0.0, where=np.isfinite(logits), out=np.full_like(logits, -np.inf))
        used, role = m @ w["used.w"][0] + w["used.b"][0], m @ w["role.w"].T + w["role.b"]
        return m, logp, used, role, self.loss(logp, kinds, targets, node_kind, used, role, first, last)

    def loss(self, logp, kinds, targets, node_kind, used, role, first, last):
        total = 0.0
        for s, (kind, target) in enumerate(zip(kinds, targets)):
            allowed = logp[s][np.isfinite(logp[s])]
            gold = logp[s, target + (self.c["n_tokens"] if kind else 0)]
            total += (-0.9 * gold - 0.1 * allowed.mean()) / len(kinds)
        schema = node_kind > 0
        p = 1 / (1 + np.exp(-used))
        gold = self.t["node_used"][first:last]
        total -= 0.3 * np.log(np.where(gold == 1, p, 1 - p))[schema].mean()
        columns = np.flatnonzero(node_kind == 1)
        gold = self.t["node_role"][first:last][columns]
        return total - 0.3 * np.log(softmax(role[columns])[np.arange(len(columns)), gold]).mean()


class GoldenTensors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.meta, cls.tensors = tensor_file.read(GOLDEN)

    def test_golden_outputs_follow_the_specification(self):
        plain = Plain(self.meta, self.tensors)
        total = 0.0
        for e in range(3):
            memory, logp, used, role, loss = plain.example(e)
            for key, want in (("memory", memory), ("used", used), ("role", role)):
                np.testing.assert_allclose(self.tensors["out.%s.%d" % (key, e)], want, atol=2e-4)
            got = self.tensors["out.logits.%d" % e]
            np.testing.assert_array_equal(got < -1e29, np.isneginf(logp))
            finite = np.isfinite(logp)
            np.testing.assert_allclose(got[finite], logp[finite], atol=2e-4)
            total += loss / 3
        self.assertAlmostEqual(float(self.tensors["out.loss"][0]), total, places=4)

    def test_golden_covers_every_kind_of_step_unknown_words_and_long_words(self):
        t = self.tensors
        self.assertEqual(set(t["step_kind"].tolist()), {0, 1, 2, 3})
        self.assertGreater(len(t["word_off"]) - 1, len(self.meta["weights"]["vocab"]))
        self.assertGreater(int(np.diff(t["word_gram_off"]).max()), data.PIECE)

    def test_golden_gradients_agree_with_finite_differences(self):
        rng = np.random.default_rng(1)
        for name in sorted(k for k in self.tensors if k.startswith("grad.")):
            gradient = self.tensors[name]
            at = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)
            for place in (at, tuple(int(rng.integers(s)) for s in gradient.shape)):
                ends = []
                for sign in (1, -1):
                    plain = Plain(self.meta, self.tensors)
                    plain.w[name[5:]] = plain.w[name[5:]].copy()
                    plain.w[name[5:]][place] += sign * 1e-6
                    ends.append(np.mean([plain.example(e)[4] for e in range(3)]))
                self.assertAlmostEqual(float(gradient[place]), (ends[0] - ends[1]) / 2e-6, places=4, msg=name)


class TensorFiles(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.path = os.path.join(self.dir.name, "x.emt")

    def test_every_type_comes_back(self):
        rng = np.random.default_rng(0)
        matrix = rng.normal(size=(5, 67)).astype(np.float32)
        matrix[2] = 0
        tensor_file.write(self.path, {"a": "é"}, {
            "f": matrix, "q": tensor_file.Quantised(matrix), "b": tensor_file.Bf16(matrix),
            "i": np.arange(5), "u": np.arange(7, dtype=np.uint16), "none": np.zeros((0, 3), np.float32)})
        meta, t = tensor_file.read(self.path)
        self.assertEqual(meta, {"a": "é"})
        np.testing.assert_array_equal(t["f"], matrix)
        np.testing.assert_array_equal(t["i"], np.arange(5))
        np.testing.assert_array_equal(t["u"], np.arange(7))
        self.assertEqual(t["none"].shape, (0, 3))
        self.assertTrue((np.abs(t["q"] - matrix) <= np.abs(matrix).max(1, keepdims=True) / 253).all())
        np.testing.assert_allclose(t["b"], matrix, rtol=1 / 256)

    def test_a_changed_byte_is_found(self):
        tensor_file.write(self.path, {}, {"f": np.ones((3, 3), np.float32)})
        with open(self.path, "rb") as f:
            raw = bytearray(f.read())
        for at in (9, 40, len(raw) - 20, len(raw) - 1):
            damaged = bytearray(raw)
            damaged[at] ^= 4
            with open(self.path, "wb") as f:
                f.write(damaged)
            with self.assertRaises(tensor_file.TensorFileError):
                tensor_file.read(self.path)

    def test_compiled_and_plain_checksums_agree(self):
        for size in (0, 1, 7, 8, 1001):
            payload = bytes(range(256)) * 4
            words = np.frombuffer(payload[:size] + b"\0" * (-size % 8), "<u8")
            self.assertEqual(tensor_file.checksum(payload[:size]), tensor_file._fnv_python(words))


class Batches(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory()
        cls.paths = []
        for name, seed, src in (("one", 1, 0), ("two", 2, 4)):
            path = os.path.join(cls.dir.name, name + ".emt")
            tensor_file.write(path, *synthetic.dataset(seed, 150, src=src))
            cls.paths.append(path)
        cls.corpus = data.Corpus(cls.paths)

    @classmethod
    def tearDownClass(cls):
        cls.dir.cleanup()

    def model(self, corpus, seed=3):
        vocab = corpus.words.vocabulary(1, 100)
        config = Config(32, 4, 2, 1, 64, vocab, *[corpus.meta[k] for k in data.Corpus.SIZES])
        parameters = Parameters(config, "cpu")
        parameters.initialise(seed)
        dc = data.DeviceCorpus(corpus, vocab, "cpu")
        return parameters, dc, training.new_network(parameters, dc)

    def test_padding_merging_and_batching_change_nothing(self):
        parameters, dc, network = self.model(self.corpus)
        ids = np.arange(self.corpus.n_examples)
        many = training.score_examples([training.Model(parameters, network)], dc, ids, 64)
        by_id = many[1][np.argsort(many[0])]
        a = self.corpus.a
        for e in (0, 7, 160, 299):
            shape = data.Shape(1, int(a["ex_n"][e]), int(a["ex_steps"][e]), int(a["ex_slots"][e]))
            batch = dc.batch(torch.tensor([e]), shape)
            part = losses(network.forward(batch, parameters.unpack()), batch)
            self.assertAlmostEqual(float(part["loss"][0]), by_id[e, 2], places=4)

    def test_both_relation_kernels_agree_in_value_and_gradient(self):
        parameters, dc, network = self.model(self.corpus)
        batch = dc.batch(torch.tensor([3, 5, -1, 9]), data.Shape(4, 40, 8, 80))
        seen = []
        for network.one_hot_relations in (False, True):
            loss = losses(network.forward(batch, parameters.unpack()), batch)["loss"][[0, 1, 3]].sum()
            seen.append((loss.detach(), torch.cat(torch.autograd.grad(loss, parameters.flat))))
        torch.testing.assert_close(seen[0][0], seen[1][0])
        torch.testing.assert_close(seen[0][1], seen[1][1], atol=1e-5, rtol=1e-4)

    def test_buckets_hold_every_example_within_their_shape(self):
        buckets = data.Buckets(self.corpus, np.arange(self.corpus.n_examples), 32)
        a = self.corpus.a
        for e, bucket in enumerate(buckets.of):
            shape = buckets.shapes[bucket]
            self.assertTrue(a["ex_n"][e] <= shape.n and a["ex_steps"][e] <= shape.t and a["ex_slots"][e] <= shape.s)

    def test_an_epoch_shows_each_example_as_often_as_its_weight(self):
        buckets = data.Buckets(self.corpus, np.arange(self.corpus.n_examples), 32)
        phase = training.Phase("x:1:two/synthetic=2,one=0.5")
        weights = phase.example_weights(self.corpus, (1.0, 1.0), self.corpus.a["ex_good"])
        seen = np.zeros(self.corpus.n_examples)
        sampler = training.Sampler(buckets, weights, np.random.default_rng(0), "cpu")
        for bucket, examples in sampler:
            if sampler.epochs == 40:
                break
            self.assertTrue((buckets.of[examples[examples >= 0]] == bucket).all())
            np.add.at(seen, examples[examples >= 0].numpy(), 1)
        self.assertAlmostEqual(seen[150:].mean() / 40, 2, delta=0.1)
        self.assertAlmostEqual(seen[:150].mean() / 40, 0.5, delta=0.05)

    def test_a_target_that_the_grammar_forbids_is_left_out(self):
        meta, tensors = synthetic.dataset(1, 10)
        tensors["step_id"][tensors["ex_step"][4]] = synthetic.END
        path = os.path.join(self.dir.name, "bad.emt")
        tensor_file.write(path, meta, tensors)
        notes = []
        corpus = data.Corpus([path], log=notes.append)
        self.assertEqual(np.flatnonzero(~corpus.a["ex_good"]).tolist(), [4])
        self.assertIn("1 of 10", notes[0])

    def test_distilled_probabilities_come_back_step_by_step(self):
        parameters, dc, network = self.model(self.corpus)
        other, _, _ = self.model(self.corpus, seed=4)
        ids = np.arange(0, 300, 3)
        models = [training.Model(parameters, network), training.Model(other, network)]
        training.distil(models, dc, ids, 32)
        batch = dc.batch(torch.tensor([6, 9]), data.Shape(2, 40, 8, 80))
        mean = sum(network.forward(batch, m.p.unpack())["logp"].exp() for m in models) / 2
        steps = batch["step_mask"].unsqueeze(2)
        torch.testing.assert_close(batch["teacher"] * steps, mean.detach() * steps, atol=0.01, rtol=0.01)

    def test_regularisation_leaves_evaluation_alone_and_training_random(self):
        parameters, dc, network = self.model(self.corpus)
        batch = dc.batch(torch.tensor([6, 9]), data.Shape(2, 40, 8, 80))
        w = parameters.unpack()
        torch.testing.assert_close(network.encode(batch, w, None), network.encode(batch, w, None))
        reg = Regularisation(0.2, 0.1, 0.15)
        self.assertFalse(torch.allclose(network.encode(batch, w, reg), network.encode(batch, w, reg)))


class CommandLine(unittest.TestCase):
    SMALL = ["--d", "64", "--heads", "4", "--enc", "1", "--dec", "1", "--ff", "64", "--batch", "32", "--reserve", "1",
             "--vocab-min-count", "1", "--log-every", "0.3", "--save-every", "2", "--device", "cpu", "--lr", "0.003"]

    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory()
        for name, seed, rows in (("train", 1, 400), ("dev", 2, 60)):
            tensor_file.write(cls.at(name + ".emt"), *synthetic.dataset(seed, rows))

    @classmethod
    def tearDownClass(cls):
        cls.dir.cleanup()

    @classmethod
    def at(cls, name):
        return os.path.join(cls.dir.name, name)

    def command(self, *args):
        return [sys.executable, os.path.join(HERE, "reference.py")] + [str(a) for a in args]

    def run_command(self, *args):
        done = subprocess.run(self.command(*args), stdout=subprocess.PIPE, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def train(self, out, *more):
        return self.run_command("train", "--data", self.at("train.emt"), "--eval", self.at("dev.emt"),
                                "--minutes", 1, "--out", self.at(out), *self.SMALL, *more)

    def test_training_exporting_evaluating_distilling_and_averaging(self):
        log = self.train("a.emt", "--max-steps", 150, "--hold-fold", 1, "--export-i8", self.at("a8.emt"))
        seen = [line["nll"] for line in log if "nll" in line]
        self.assertLess(seen[-1], 0.75 * seen[0])
        self.assertGreater(log[-1]["held"]["all"]["examples"], 20)
        (full,) = self.run_command("eval", "--weights", self.at("a.emt"), "--data", self.at("dev.emt"))
        self.assertEqual(full["all"], log[-1]["given"]["all"])
        (small,) = self.run_command("eval", "--weights", self.at("a8.emt"), "--data", self.at("dev.emt"))
        self.assertAlmostEqual(full["all"]["nll"], small["all"]["nll"], delta=0.02)
        self.run_command("export", "--weights", self.at("a.emt"), "--out", self.at("b8.emt"))
        for a, b in zip(*[tensor_file.read(self.at(x))[1].values() for x in ("a8.emt", "b8.emt")]):
            np.testing.assert_array_equal(a, b)
        log = self.train("s.emt", "--max-steps", 60, "--init", self.at("a.emt"), "--distill", self.at("a.emt"),
                         self.at("a8.emt"), "--vocab-max", 40)
        self.assertEqual(log[0]["vocab"], 40)
        subprocess.run(self.command("average", "--weights", self.at("a.emt"), self.at("a8.emt"),
                                    "--out", self.at("m.emt")), check=True)
        both = [tensor_file.read(self.at(x))[1]["enc.0.wq"] for x in ("a.emt", "a8.emt", "m.emt")]
        np.testing.assert_allclose((both[0] + both[1]) / 2, both[2], atol=1e-6)

    def test_a_signal_ends_training_with_the_weights_saved(self):
        process = subprocess.Popen(self.command("train", "--data", self.at("train.emt"), "--minutes", 5, "--out",
                                                self.at("t.emt"), *self.SMALL), stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        last = json.loads(process.communicate(timeout=60)[0].splitlines()[-1])
        self.assertEqual(process.returncode, 0)
        self.assertIn("done", last)
        self.assertEqual(tensor_file.read(self.at("t.emt"))[0]["training"]["steps"], last["step"])


if __name__ == "__main__":
    unittest.main()
