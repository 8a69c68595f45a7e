#!/usr/bin/env python3
"""Trains, evaluates and exports emend's network with PyTorch: the reference for the trainer in C.

  reference.py train   --data spider.emt.xz:1 synth.emt.xz:0.5 --eval dev.emt --minutes 8.5 --out weights.emt
  reference.py eval    --weights a.emt [b.emt …] --data dev.emt
  reference.py export  --weights a.emt --dtype i8 --out emend-m1.emt
  reference.py average --weights a.emt b.emt --out mean.emt
"""

import argparse
import json
import os
import signal
import sys
import time

import numpy as np
import torch

import data
import tensor_file
import training
from network import Config, Parameters, Regularisation

START_KEY = "EMEND_TRAINING_STARTED"


class Log:
    """JSON lines on standard output and, where given, in a file."""

    def __init__(self, path=None):
        self.file = open(path, "a", encoding="utf-8") if path else None

    def __call__(self, **fields):
        line = json.dumps(fields, ensure_ascii=False)
        print(line, flush=True)
        if self.file:
            self.file.write(line + "\n")
            self.file.flush()

    def text(self, text):
        self(note=text)


def write_weights(path, parameters, training_meta, dtype="f32", flat=None, name="emend-m1", ir_version=1):
    tensors = parameters.state(flat)
    meta = parameters.config.meta()
    meta.update(ir_version=ir_version, name=name, training=training_meta)
    tensor_file.write(path, meta, {k: pack(v, dtype) for k, v in tensors.items()})


def pack(value, dtype):
    """Matrices of at least 64 columns in the type asked for, all else f32."""
    wide = value.ndim == 2 and value.shape[1] >= 64
    if dtype == "i8" and wide:
        return tensor_file.Quantised(value)
    if dtype == "bf16" and wide:
        return tensor_file.Bf16(value)
    return np.ascontiguousarray(value, dtype=np.float32)


def load_model(path, corpus, device):
    meta, tensors = tensor_file.read(path)
    parameters = Parameters(Config.from_meta(meta), device)
    unused = parameters.load(tensors, meta["vocab"])
    if unused:
        raise SystemExit("%s lacks or misshapes: %s" % (path, ", ".join(unused)))
    return training.Model(parameters, training.new_network(parameters, corpus))


def split_weight(text):
    head, colon, tail = text.rpartition(":")
    try:
        return (head, float(tail)) if colon else (text, 1.0)
    except ValueError:
        return text, 1.0


def pick_device(name):
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_float32_matmul_precision("high")
    return name


def again(*overrides):
    """Starts this command anew with other settings (the last of an option counts), on the same clock."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable] + sys.argv + list(overrides))


class Trainer:
    """One run of `train`, from files to files."""

    def __init__(self, args):
        self.args = args
        self.started = float(os.environ.setdefault(START_KEY, repr(time.time())))
        self.log = Log(args.log)
        self.device = pick_device(args.device)
        self.stop = False
        self.results = {}
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)

    def _on_signal(self, *_):
        self.stop = True

    def load(self):
        a = self.args
        paths, self.set_weights = zip(*[split_weight(x) for x in a.data])
        self.corpus = data.Corpus(paths, a.eval, log=self.log.text)
        self.set_weights += (0.0,) * len(a.eval)
        vocab = (tensor_file.read(a.vocab_from)[0]["vocab"] if a.vocab_from
                 else self.corpus.words.vocabulary(a.vocab_min_count, a.vocab_max))
        meta = self.corpus.meta
        config = Config(a.d, a.heads, a.enc, a.dec, a.ff, vocab, *[meta[k] for k in data.Corpus.SIZES])
        self.dc = data.DeviceCorpus(self.corpus, vocab, self.device)
        self.parameters = Parameters(config, self.device)
        self.parameters.initialise(a.seed)
        if a.init:
            init_meta, tensors = tensor_file.read(a.init)
            unused = self.parameters.load(tensors, init_meta["vocab"])
            if unused:
                self.log.text("not taken from %s: %s" % (a.init, ", ".join(unused)))

    def split(self):
        """Which examples train, which are held out, which are the given evaluation sets."""
        a, c = self.args, self.corpus.a
        given = c["ex_set"] >= len(a.data)
        held = (c["ex_fold"] == a.hold_fold) & ~given if a.hold_fold >= 0 else np.zeros_like(given)
        trainable = c["ex_good"] & ~held & ~given
        self.held = np.flatnonzero(held & c["ex_good"])
        self.given = np.flatnonzero(given & c["ex_good"])
        self.phases = [training.Phase(p) for p in a.phases]
        self.weights = [p.example_weights(self.corpus, self.set_weights, trainable) for p in self.phases]
        self.ids = np.flatnonzero(np.sum(self.weights, axis=0) > 0)
        if not self.ids.size:
            raise SystemExit("no example has a weight in any phase")

    def prepare(self):
        a = self.args
        network = training.new_network(self.parameters, self.dc, a.relations == "one-hot")
        if a.distill:
            teachers = [load_model(p, self.dc, self.device) for p in a.distill]
            training.distil(teachers, self.dc, self.ids)
        self.buckets = data.Buckets(self.corpus, self.ids, a.batch, a.node_buckets, a.step_buckets)
        reg = Regularisation(a.dropout, a.attention_dropout, a.word_dropout)
        options = training.Options(batch=a.batch, clip=a.clip, ema=a.ema, weight_decay=a.weight_decay,
                                   smoothing=a.smoothing, distill_weight=a.distill_weight)
        if self.device == "cuda" and a.relations == "auto":
            times = training.choose_relation_kernel(self.parameters, network, self.dc, self.buckets, reg)
            self.log(relations="one-hot" if network.one_hot_relations else "scatter", **times)
        if a.compile:
            network.compile()
        self.stepper = training.Stepper(self.parameters, network, self.dc, self.buckets, reg, options)
        # Evaluation uses the plain attention: its shapes are others and it is rare.
        self.averaged = training.Model(self.parameters, training.new_network(self.parameters, self.dc,
                                                                             network.one_hot_relations),
                                       self.stepper.ema)
        if self.device == "cuda" and a.accel == "graph":
            self.capture()

    def capture(self):
        try:
            self.stepper.capture()
        except Exception as e:  # whatever capture or the compiler raises, the plain way still works
            if training.out_of_memory(e):
                raise
            self.log.text("no graph%s: %s" % (" of the compiled step" if self.args.compile else "", e))
            again(*(["--no-compile"] if self.args.compile else ["--accel", "eager"]))

    def evaluate(self):
        out = {}
        if self.held.size:
            out["held"] = training.evaluate([self.averaged], self.dc, self.held)
        if self.given.size:
            out["given"] = training.evaluate([self.averaged], self.dc, self.given)
        return out

    def save(self):
        a = self.args
        meta = {"seconds": round(time.time() - self.started), "steps": self.stepper.taken, "seed": a.seed,
                "phases": a.phases, "data": [data.dataset_name(p) for p, _ in map(split_weight, a.data)],
                "hold_fold": a.hold_fold, "lr": a.lr, "batch": a.batch, "dropout": a.dropout,
                "distilled_from": len(a.distill), "results": self.results}
        ir_version = self.corpus.meta.get("ir_version", 1)
        flat = self.stepper.ema
        write_weights(a.out, self.parameters, meta, a.out_dtype, flat, a.name, ir_version)
        if a.export_i8:
            write_weights(a.export_i8, self.parameters, meta, "i8", flat, a.name, ir_version)

    def report(self, progress, phase, epochs, since):
        took = max(time.time() - since, 1e-9)
        fields = self.stepper.drain()
        self.log(t=round(time.time() - self.started, 1), progress=round(progress, 4), phase=phase.name,
                 step=self.stepper.taken, epochs=epochs, lr=float("%.3g" % self.schedule.rate(progress)),
                 per_s=round(fields["examples"] / took), **{k: round(v, 4) for k, v in fields.items()})

    def train(self):
        a = self.args
        now = time.time()
        self.log(ready=round(now - self.started, 1), parameters=self.parameters.count(),
                 vocab=len(self.dc.vocab), examples=self.corpus.describe(), training=len(self.ids),
                 held=len(self.held), shapes=[repr(s) for s in self.buckets.shapes],
                 graph=self.stepper.graphs is not None)
        left = a.minutes * 60 - (now - self.started) - a.reserve
        self.schedule = training.Schedule(self.phases, a.lr, a.warmup, left, now)
        rng = np.random.default_rng(a.seed)
        wait = training.pace(self.device == "cuda")
        at, batches, sampler = -1, None, None
        reported = saved = evaluated = now
        while not self.stop:
            progress = self.schedule.progress()
            if progress >= 1 or (a.max_steps and self.stepper.taken >= a.max_steps):
                break
            phase = self.schedule.phase(progress)
            if phase != at:
                at = phase
                sampler = training.Sampler(self.buckets, self.weights[phase], rng, self.device)
                batches = iter(sampler)
            try:
                bucket, examples = next(batches)
            except StopIteration:
                raise SystemExit("phase %s has no examples" % self.phases[at].name)
            self.stepper.step(bucket, examples, self.schedule.rate(progress))
            wait()
            now = time.time()
            if now - reported >= a.log_every:
                self.report(progress, self.phases[at], sampler.epochs, reported)
                reported = time.time()
            if now - evaluated >= a.eval_every:
                self.results = self.evaluate()
                self.log(t=round(now - self.started, 1), step=self.stepper.taken, **self.results)
                evaluated = time.time()
            if now - saved >= a.save_every:
                self.save()
                saved = time.time()
        self.finish()

    def finish(self):
        self.save()
        if not self.stop:
            self.results = self.evaluate()
            self.save()
        self.log(done=round(time.time() - self.started, 1), step=self.stepper.taken, out=self.args.out,
                 **self.results)

    def run(self):
        try:
            self.load()
            self.split()
            self.prepare()
            self.train()
        except RuntimeError as e:
            if not training.out_of_memory(e) or self.args.batch < 16:
                raise
            self.log.text("out of memory with batches of %d" % self.args.batch)
            again("--batch", str(self.args.batch // 2))


def run_train(args):
    Trainer(args).run()


def run_eval(args):
    device = pick_device(args.device)
    log = Log()
    corpus = data.Corpus(args.data, log=log.text)
    vocab = tensor_file.read(args.weights[0])[0]["vocab"]
    dc = data.DeviceCorpus(corpus, vocab, device)
    models = [load_model(p, dc, device) for p in args.weights]
    keep = corpus.a["ex_good"].copy()
    if args.fold >= 0:
        keep &= corpus.a["ex_fold"] == args.fold
    ids = np.flatnonzero(keep)
    log(weights=args.weights, **training.evaluate(models, dc, ids, args.batch))
    if args.rows:
        order, values = training.score_examples(models, dc, ids, args.batch)
        with open(args.rows, "w", encoding="utf-8") as f:
            for i, v in zip(order.tolist(), values):
                f.write(json.dumps({"set": corpus.names[corpus.a["ex_set"][i]], "row": int(corpus.a["ex_row"][i]),
                                    "src": int(corpus.a["ex_src"][i]), "exact": bool(v[0]),
                                    "nll": round(float(v[1]), 5)}) + "\n")


def run_export(args):
    meta, tensors = tensor_file.read(args.weights)
    if args.name:
        meta["name"] = args.name
    tensor_file.write(args.out, meta, {k: pack(v, args.dtype) for k, v in tensors.items()})
    print(json.dumps({"out": args.out, "bytes": os.path.getsize(args.out)}), flush=True)


def run_average(args):
    files = [tensor_file.read(p) for p in args.weights]
    meta = files[0][0]
    for path, (other, tensors) in zip(args.weights, files):
        if other["vocab"] != meta["vocab"] or {k: v.shape for k, v in tensors.items()} != \
                {k: v.shape for k, v in files[0][1].items()}:
            raise SystemExit("%s has other sizes or words than %s" % (path, args.weights[0]))
    meta["training"] = {"mean_of": [m.get("training", {}) for m, _ in files]}
    mean = {k: np.mean([t[k] for _, t in files], axis=0, dtype=np.float64).astype(np.float32) for k in files[0][1]}
    tensor_file.write(args.out, meta, {k: pack(v, args.dtype) for k, v in mean.items()})


def add_train(commands):
    p = commands.add_parser("train", help="train from dataset files")
    p.set_defaults(run=run_train)
    p.add_argument("--data", nargs="+", required=True, metavar="FILE[:WEIGHT]")
    p.add_argument("--eval", nargs="*", default=[], metavar="FILE", help="evaluated now and then, never trained on")
    p.add_argument("--phases", nargs="+", default=["all:1"], metavar="NAME:SHARE[:KEY=WEIGHT,…]",
                   help="KEY: data set, /source, set/source or * (%s)" % ", ".join(data.SOURCES))
    p.add_argument("--hold-fold", type=int, default=-1)
    p.add_argument("--minutes", type=float, default=8.5, help="from the start of the process to its end")
    p.add_argument("--reserve", type=float, default=15, help="seconds of them kept for the last evaluation and file")
    p.add_argument("--max-steps", type=int, default=0)
    p.add_argument("--out", required=True)
    p.add_argument("--out-dtype", choices=["f32", "bf16", "i8"], default="f32")
    p.add_argument("--export-i8", metavar="FILE", help="also write the i8 weights here")
    p.add_argument("--name", default="emend-m1")
    p.add_argument("--log", metavar="FILE")
    p.add_argument("--init", metavar="FILE", help="start from these weights")
    p.add_argument("--distill", nargs="*", default=[], metavar="FILE", help="teachers, averaged")
    p.add_argument("--distill-weight", type=float, default=0.7)
    p.add_argument("--vocab-from", metavar="FILE")
    p.add_argument("--vocab-min-count", type=int, default=3)
    p.add_argument("--vocab-max", type=int, default=9000)
    for name, value in (("d", 256), ("heads", 8), ("enc", 6), ("dec", 2), ("ff", 1024), ("seed", 1),
                        ("batch", 160), ("node-buckets", 8), ("step-buckets", 3)):
        p.add_argument("--" + name, type=int, default=value)
    for name, value in (("dropout", 0.2), ("attention-dropout", 0.0), ("word-dropout", 0.15), ("lr", 1e-3),
                        ("warmup", 0.05), ("clip", 2.0), ("ema", 0.999), ("weight-decay", 0.01),
                        ("smoothing", 0.1), ("log-every", 10), ("eval-every", 60), ("save-every", 60)):
        p.add_argument("--" + name, type=float, default=value)
    p.add_argument("--device", default="auto")
    p.add_argument("--accel", choices=["graph", "eager"], default="graph")
    p.add_argument("--relations", choices=["auto", "scatter", "one-hot"], default="auto")
    p.add_argument("--compile", action=argparse.BooleanOptionalAction, default=False,
                   help="fuse the attention with torch.compile")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    add_train(commands)
    p = commands.add_parser("eval", help="teacher-forced figures; several weights: their mean distribution")
    p.set_defaults(run=run_eval)
    p.add_argument("--weights", nargs="+", required=True)
    p.add_argument("--data", nargs="+", required=True)
    p.add_argument("--fold", type=int, default=-1)
    p.add_argument("--batch", type=int, default=256)
    p.add_argument("--rows", metavar="FILE", help="a JSON line for each example")
    p.add_argument("--device", default="auto")
    p = commands.add_parser("export", help="convert weights")
    p.set_defaults(run=run_export)
    p.add_argument("--weights", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--dtype", choices=["f32", "bf16", "i8"], default="i8")
    p.add_argument("--name")
    p = commands.add_parser("average", help="mean of weights that share a beginning")
    p.set_defaults(run=run_average)
    p.add_argument("--weights", nargs="+", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--dtype", choices=["f32", "bf16", "i8"], default="f32")
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
