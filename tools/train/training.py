"""Training: which examples come when, one optimiser step as a CUDA graph, evaluation, distillation."""

import time

import numpy as np
import torch

from data import Buckets, source_name
from network import FULL_DECAY, LOWP_DECAY, MASKED, Network, losses


def out_of_memory(error):
    return isinstance(error, RuntimeError) and "out of memory" in str(error)


class Phase:
    """A share of the training time with its own mixture: "name:share[:key=weight,…]".

    A key is a data set, "/source", "set/source" or "*" (all others); without "*" others keep weight 1.
    Sources go by name or number. The most exact key wins and multiplies the data set's own weight.
    """

    def __init__(self, text):
        parts = text.split(":", 2)
        self.name, self.share, self.weights = parts[0], float(parts[1]), {}
        for item in parts[2].split(",") if len(parts) > 2 and parts[2] else []:
            key, value = item.split("=")
            self.weights[key] = float(value)

    def weight(self, dataset, src):
        by_number, by_name = "/%d" % src, "/" + source_name(src)
        for key in (dataset + by_name, dataset + by_number, by_name, by_number, dataset, "*"):
            if key in self.weights:
                return self.weights[key]
        return 1.0

    def example_weights(self, corpus, set_weights, trainable):
        """How often an epoch of this phase shows each example."""
        a = corpus.a
        out = np.zeros(corpus.n_examples)
        for s, base in enumerate(set_weights):
            for src in np.unique(a["ex_src"]).tolist():
                mine = (a["ex_set"] == s) & (a["ex_src"] == src)
                out[mine] = base * self.weight(corpus.names[s], src)
        return out * trainable


class Sampler:
    """Endless shuffled batches of one bucket each; what does not fill a batch waits for the next epoch."""

    def __init__(self, buckets, weights, rng, device):
        self.buckets, self.weights, self.rng, self.device = buckets, weights, rng, device
        self.left = [np.zeros(0, np.int64) for _ in buckets.shapes]
        self.epochs = 0

    def _cut(self, bucket, ids, final):
        size = self.buckets.shapes[bucket].b
        ids = np.concatenate([self.left[bucket], ids])
        if final and len(ids) % size:
            ids = np.concatenate([ids, np.full(-len(ids) % size, -1)])
        whole = len(ids) // size * size
        self.left[bucket] = ids[whole:]
        return ids[:whole].reshape(-1, size)

    def _epoch(self):
        times = np.floor(self.weights + self.rng.random(len(self.weights))).astype(np.int64)
        ids = np.repeat(np.arange(len(times)), times)
        self.rng.shuffle(ids)
        of = self.buckets.of[ids]
        for final in (False, True):
            rows = [(b, row) for b in range(len(self.buckets.shapes))
                    for row in self._cut(b, ids[of == b] if not final else ids[:0], final)]
            if rows:
                break
        return [rows[i] for i in self.rng.permutation(len(rows))]

    def __iter__(self):
        """(bucket, examples on the device), for ever; each epoch goes to the device in one copy."""
        while self.weights.any():
            rows = self._epoch()
            widest = max((len(r) for _, r in rows), default=0)
            table = np.full((len(rows), widest), -1, np.int64)
            for i, (_, row) in enumerate(rows):
                table[i, :len(row)] = row
            table = torch.from_numpy(table).to(self.device)
            for i, (bucket, row) in enumerate(rows):
                yield bucket, table[i, :len(row)]
            self.epochs += 1


class Options:
    """Everything about a training that is neither data nor sizes."""

    def __init__(self, **kw):
        self.__dict__.update(kw)


class Stepper:
    """The weights, their averages and the optimiser; runs steps, as captured graphs where it can."""

    STATS = ("loss", "nll", "used", "role", "hit", "examples", "grad_norm", "steps")

    def __init__(self, parameters, network, corpus, buckets, reg, o):
        self.p, self.net, self.corpus, self.buckets, self.reg, self.o = parameters, network, corpus, buckets, reg, o
        self.device = parameters.device
        self.cuda = self.device.type == "cuda"
        self.ema = [f.detach().clone() for f in parameters.flat]
        self.ema_rate = torch.zeros((), device=self.device)
        self.stats = torch.zeros(len(self.STATS), device=self.device)
        self.graphs = None
        self.taken = 0
        decay, plain = [], []
        for group, flat in enumerate(parameters.flat):
            (decay if group in (LOWP_DECAY, FULL_DECAY) else plain).append(flat)
        groups = [{"params": decay, "weight_decay": o.weight_decay}, {"params": plain, "weight_decay": 0.0}]
        lr = torch.tensor(0.0, device=self.device) if self.cuda else 0.0
        extra = {"fused": True, "capturable": True} if self.cuda else {}
        self.optimiser = torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.98), eps=1e-9, **extra)

    def _step(self, examples, shape):
        """One whole step: batch, loss, gradients, clipping, update, averages. Never waits for the device."""
        batch = self.corpus.batch(examples, shape)
        out = self.net.forward(batch, self.p.unpack(), self.reg)
        part = losses(out, batch, self.o.smoothing, self.o.distill_weight)
        valid = batch["valid"].float()
        # Batches of wide schemas are smaller: every example weighs the same, whatever its batch.
        loss = (part["loss"] * valid).sum() / self.o.batch
        grads = torch.autograd.grad(loss, self.p.flat)
        with torch.no_grad():
            norm = torch.stack([g.norm() for g in grads]).norm()
            scale = (self.o.clip / (norm + 1e-6)).clamp(max=1.0)
            for flat, grad in zip(self.p.flat, grads):
                flat.grad = grad.mul_(scale)
            self.optimiser.step()
            for mean, flat in zip(self.ema, self.p.flat):
                mean.lerp_(flat.detach(), self.ema_rate)
            sums = [(part[k].detach() * valid).sum() for k in ("loss", "nll", "used", "role", "hit")]
            self.stats.add_(torch.stack(sums + [valid.sum(), norm, torch.ones_like(norm)]))

    def capture(self):
        """Captures one graph a bucket. Weights, averages and the optimiser are as before afterwards."""
        before = [f.detach().clone() for f in self.p.flat]
        inputs = []
        for bucket, shape in enumerate(self.buckets.shapes):
            examples = np.resize(np.flatnonzero(self.buckets.of == bucket), shape.b)
            inputs.append(torch.from_numpy(examples).to(self.device))
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for examples, shape in zip(inputs, self.buckets.shapes):
                for _ in range(2):
                    self._step(examples, shape)
        torch.cuda.current_stream().wait_stream(side)
        torch.cuda.synchronize()
        for flat in self.p.flat:
            flat.grad = None
        torch.cuda.empty_cache()
        graphs, pool = [], torch.cuda.graph_pool_handle()
        for bucket in np.argsort([-s.b * s.n * s.n for s in self.buckets.shapes]).tolist():
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, pool=pool):
                self._step(inputs[bucket], self.buckets.shapes[bucket])
            graphs.append((bucket, graph))
        self.graphs = dict(graphs)
        self.inputs = inputs
        self._reset(before)

    @torch.no_grad()
    def _reset(self, flat):
        for mean, now, was in zip(self.ema, self.p.flat, flat):
            now.copy_(was)
            mean.copy_(was)
        for state in self.optimiser.state.values():
            for value in state.values():
                value.zero_()
        self.stats.zero_()

    def step(self, bucket, examples, lr):
        rate = max(1.0 - self.o.ema, 9.0 / (10.0 + self.taken))
        self.ema_rate.fill_(rate)
        for group in self.optimiser.param_groups:
            if self.cuda:
                group["lr"].fill_(lr)     # a graph reads it from where it was at capture
            else:
                group["lr"] = lr
        if self.graphs is None:
            self._step(examples, self.buckets.shapes[bucket])
        else:
            self.inputs[bucket].copy_(examples)
            self.graphs[bucket].replay()
        self.taken += 1

    def drain(self):
        """The statistics since the last call, per example (grad_norm per step)."""
        values = dict(zip(self.STATS, self.stats.tolist()))
        self.stats.zero_()
        n, steps = max(values["examples"], 1.0), max(values["steps"], 1.0)
        out = {k: values[k] / n for k in ("loss", "nll", "used", "role", "hit")}
        out.update(examples=int(values["examples"]), grad_norm=values["grad_norm"] / steps)
        return out


def choose_relation_kernel(parameters, network, corpus, buckets, reg):
    """Times both ways of summing by relation over the commonest bucket and keeps the faster."""
    counts = np.bincount(buckets.of[buckets.of >= 0], minlength=len(buckets.shapes))
    bucket = int(counts.argmax())
    shape = buckets.shapes[bucket]
    examples = np.resize(np.flatnonzero(buckets.of == bucket), shape.b)
    batch = corpus.batch(torch.from_numpy(examples).to(parameters.device), shape)
    took = {}
    for one_hot in (False, True):
        network.one_hot_relations = one_hot
        for i in range(7):
            if i == 2:
                torch.cuda.synchronize()
                start = time.time()
            m = network.encode(batch, parameters.unpack(), reg)
            torch.autograd.grad(m.sum(), parameters.flat, allow_unused=True)
        torch.cuda.synchronize()
        took[one_hot] = (time.time() - start) / 5
    network.one_hot_relations = took[True] < took[False]
    return {"scatter_ms": 1e3 * took[False], "one_hot_ms": 1e3 * took[True]}


class Schedule:
    """Progress by the clock: a fraction of the time, the phase there, the learning rate there."""

    def __init__(self, phases, lr, warmup, seconds, started=None, clock=time.time):
        total = sum(p.share for p in phases)
        self.ends = np.cumsum([p.share / total for p in phases])
        self.phases, self.lr, self.warmup, self.seconds, self.clock = phases, lr, warmup, seconds, clock
        self.started = clock() if started is None else started

    def progress(self):
        return (self.clock() - self.started) / max(self.seconds, 1e-9)

    def phase(self, progress):
        return min(int(np.searchsorted(self.ends, progress, side="right")), len(self.phases) - 1)

    def rate(self, progress):
        if progress < self.warmup:
            return self.lr * max(progress / self.warmup, 1e-3)
        return self.lr * max((1.0 - progress) / (1.0 - self.warmup), 0.0)


class Model:
    """Weights and the network they belong to, for evaluation."""

    def __init__(self, parameters, network, flat=None):
        self.p, self.net, self.flat = parameters, network, flat


def _mean_distribution(models, corpus, batch_of):
    """(out of the first model with 'logp' of the mean distribution, batch)."""
    first, total = None, None
    for model in models:
        corpus.use_vocabulary(model.p.config.vocab)
        batch = batch_of()
        out = model.net.forward(batch, model.p.unpack(model.flat))
        total = out["logp"] if total is None else torch.logaddexp(total, out["logp"])
        first = first or (out, batch)
    out, batch = first
    logp = total - float(np.log(len(models)))
    out["logp"] = logp.masked_fill(~out["allowed"], MASKED)
    return out, batch


def _batches(corpus, ids, batch, device):
    """(shape, examples of the batch, ids) covering `ids`, halved as long as memory demands it by the caller."""
    buckets = Buckets(corpus, ids, batch)
    for bucket, shape in enumerate(buckets.shapes):
        mine = ids[buckets.of[ids] == bucket]
        for start in range(0, len(mine), shape.b):
            rows = mine[start:start + shape.b]
            padded = np.concatenate([rows, np.full(shape.b - len(rows), -1)])
            yield shape, torch.from_numpy(padded).to(device), rows


@torch.no_grad()
def _score_examples(models, corpus, ids, batch):
    keep, order = [], []
    for shape, examples, rows in _batches(corpus.corpus, ids, batch, corpus.device):
        out, made = _mean_distribution(models, corpus, lambda: corpus.batch(examples, shape))
        part = losses(out, made)
        columns = [part[k].float() for k in ("hit", "nll", "loss", "used", "role")]
        for kind in range(4):
            mine = made["step_mask"] & (made["step_kind"] == kind)
            columns += [(part["step_hit"] & mine).sum(1).float(), mine.sum(1).float()]
        keep.append(torch.stack(columns, 1)[:len(rows)])
        order.append(rows)
    values = torch.cat(keep).cpu().numpy().astype(np.float64)
    return np.concatenate(order), values


def score_examples(models, corpus, ids, batch=256):
    """(ids, [n, 13]: hit, nll, loss, used, role, then hits and steps of each kind), teacher-forced."""
    vocab = corpus.vocab
    teacher, corpus.teacher = corpus.teacher, None
    try:
        while True:
            try:
                return _score_examples(models, corpus, ids, batch)
            except RuntimeError as e:
                if not out_of_memory(e) or batch <= 8:
                    raise
            torch.cuda.empty_cache()
            batch //= 2
    finally:
        corpus.teacher = teacher
        corpus.use_vocabulary(vocab)


def summarise(values):
    if not len(values):
        return {"examples": 0}
    out = {"examples": len(values)}
    for i, name in enumerate(("exact", "nll", "loss", "used", "role")):
        out[name] = round(float(values[:, i].mean()), 4)
    for kind, name in enumerate(("token", "column", "table", "value")):
        hits, steps = values[:, 5 + 2 * kind].sum(), values[:, 6 + 2 * kind].sum()
        out[name] = round(float(hits / steps), 4) if steps else None
    return out


def evaluate(models, corpus, ids, batch=256):
    """{"all": …, "set/source": …} over the examples `ids`."""
    if not len(ids):
        return {}
    order, values = score_examples(models, corpus, ids, batch)
    a = corpus.corpus.a
    out = {"all": summarise(values)}
    keys = a["ex_set"][order].astype(np.int64) * 256 + a["ex_src"][order]
    for key in np.unique(keys).tolist():
        name = "%s/%s" % (corpus.corpus.names[key // 256], source_name(key % 256))
        out[name] = summarise(values[keys == key])
    return out


@torch.no_grad()
def distil(models, corpus, ids, batch=256):
    """Stores the teachers' mean distributions over the steps of `ids` on the device, as bf16."""
    a = corpus.corpus.a
    n_tokens = corpus.n_tokens
    sizes = np.zeros(corpus.corpus.n_examples, np.int64)
    sizes[ids] = a["ex_steps"][ids] * (n_tokens + a["ex_n"][ids])
    starts = np.concatenate([[0], np.cumsum(sizes)])
    store = torch.zeros(int(starts[-1]), dtype=torch.bfloat16, device=corpus.device)
    vocab = corpus.vocab
    for shape, examples, rows in _batches(corpus.corpus, ids, batch, corpus.device):
        out, _ = _mean_distribution(models, corpus, lambda: corpus.batch(examples, shape))
        steps = torch.from_numpy(a["ex_steps"][rows].astype(np.int64)).to(corpus.device)
        width = torch.from_numpy(a["ex_n"][rows].astype(np.int64)).to(corpus.device) + n_tokens
        start = torch.from_numpy(starts[rows]).to(corpus.device)
        t = torch.arange(shape.t, device=corpus.device).view(1, -1, 1)
        c = torch.arange(n_tokens + shape.n, device=corpus.device).view(1, 1, -1)
        inside = (t < steps.view(-1, 1, 1)) & (c < width.view(-1, 1, 1))
        index = start.view(-1, 1, 1) + t * width.view(-1, 1, 1) + c
        store[index[inside]] = out["logp"][:len(rows)].exp()[inside].to(store.dtype)
    corpus.use_vocabulary(vocab)
    corpus.teacher = store
    corpus.teacher_start = torch.from_numpy(starts[:-1]).to(corpus.device)


def pace(cuda, ring=16):
    """A function to call once a step: lets the device lag by at most `ring` steps behind the clock."""
    if not cuda:
        return lambda: None
    events = []

    def wait():
        event = torch.cuda.Event()
        event.record()
        events.append(event)
        if len(events) > ring:
            events.pop(0).synchronize()
    return wait


def new_network(parameters, corpus, one_hot=False):
    return Network(parameters.config, corpus.state_mask, parameters.lowp, one_hot)

