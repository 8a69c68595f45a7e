"""The network of docs/network.md in PyTorch: parameters, forward pass and loss.

Written for training speed on one GPU: parameters live in four flat tensors (so that casts, the
optimiser and the averages are a handful of kernels), and nothing here waits for the device or has a
shape that depends on data, so a whole step can be captured as a CUDA graph.
"""

import math

import torch
import torch.nn.functional as F

MASKED = -1e30
MAX_STEPS = 64
KINDS = 4          # word, column, table, value
FLAG_BITS = 16
# Groups of parameters: which are multiplied in low precision, and which are decayed.
LOWP_DECAY, LOWP_PLAIN, FULL_DECAY, FULL_PLAIN = range(4)


class Config:
    """Sizes of a network; `vocab` is a list of words whose first is "<unk>"."""

    def __init__(self, d, heads, enc, dec, ff, vocab, n_relations, n_tokens, n_states, n_grams):
        if d % heads:
            raise ValueError("--d must be a multiple of --heads")
        self.d, self.heads, self.enc, self.dec, self.ff = d, heads, enc, dec, ff
        self.vocab = vocab
        self.n_relations, self.n_tokens = n_relations, n_tokens
        self.n_states, self.n_grams = n_states, n_grams

    @property
    def dh(self):
        return self.d // self.heads

    def meta(self):
        return {"kind": "weights", "format": 1, "d": self.d, "heads": self.heads, "enc": self.enc,
                "dec": self.dec, "ff": self.ff, "vocab": self.vocab,
                "n_relations": self.n_relations, "n_tokens": self.n_tokens,
                "n_states": self.n_states, "n_grams": self.n_grams}

    @staticmethod
    def from_meta(meta):
        return Config(meta["d"], meta["heads"], meta["enc"], meta["dec"], meta["ff"], meta["vocab"],
                      meta["n_relations"], meta["n_tokens"], meta["n_states"], meta["n_grams"])


def _attention_pieces(at, names, shape, biases):
    """One piece of stacked matrices `names` and one of their biases."""
    return [(LOWP_DECAY, at + names[0], [(at + n, shape) for n in names]),
            (LOWP_PLAIN, at + names[0] + ":b", [(at + b, (shape[0],)) for b in biases])]


def _norm_piece(at):
    return [(FULL_PLAIN, at + ".g", [(at + ".g", None)]), (FULL_PLAIN, at + ".b", [(at + ".b", None)])]


def _ffn_pieces(at, d, ff):
    return [(LOWP_DECAY, at + "w1", [(at + "w1", (ff, d))]), (LOWP_PLAIN, at + "b1", [(at + "b1", (ff,))]),
            (LOWP_DECAY, at + "w2", [(at + "w2", (d, ff))]), (LOWP_PLAIN, at + "b2", [(at + "b2", (d,))])]


def layout(c):
    """Every parameter of the network: a list of pieces (group, key, [(tensor name, shape), …]).

    The tensors of a piece have the same trailing dimensions and are stacked by rows, so that, say, the
    three projections of an attention are one matrix product.
    """
    d, dd, dh = c.d, (c.d, c.d), c.dh
    pieces = [(FULL_DECAY, "emb.word", [("emb.word", (len(c.vocab), d))]),
              (FULL_DECAY, "emb.gram", [("emb.gram", (c.n_grams, d))]),
              (FULL_DECAY, "emb.kind", [("emb.kind", (KINDS, d)), ("emb.flag", (KINDS * FLAG_BITS, d))])]
    pieces += _norm_piece("emb.ln")
    for l in range(c.enc):
        at = "enc.%d." % l
        pieces += _norm_piece(at + "ln1") + _norm_piece(at + "ln2")
        pieces += _attention_pieces(at, ["wq", "wk", "wv"], dd, ["bq", "bk", "bv"])
        pieces += _attention_pieces(at, ["wo"], dd, ["bo"]) + _ffn_pieces(at, d, c.ff)
        pieces += [(FULL_DECAY, at + "rk", [(at + "rk", (c.n_relations, dh))]),
                   (FULL_DECAY, at + "rv", [(at + "rv", (c.n_relations, dh))]),
                   (FULL_PLAIN, at + "rb", [(at + "rb", (c.n_relations, c.heads))])]
    pieces += _norm_piece("enc.ln")
    for name, rows in (("used", 1), ("role", 8)):
        pieces += [(FULL_DECAY, name + ".w", [(name + ".w", (rows, d))]),
                   (FULL_PLAIN, name + ".b", [(name + ".b", (rows,))])]
    pieces += [(FULL_DECAY, "dec.tok", [("dec.tok", (c.n_tokens, d))]),
               (FULL_DECAY, "dec.ptr_in", [("dec.ptr_in", dd)]),
               (FULL_DECAY, "dec.ptr_kind", [("dec.ptr_kind", (3, d))]),
               (FULL_DECAY, "dec.state", [("dec.state", (c.n_states, d))]),
               (FULL_DECAY, "dec.pos", [("dec.pos", (MAX_STEPS, d))])]
    for l in range(c.dec):
        at = "dec.%d." % l
        pieces += _norm_piece(at + "ln1") + _norm_piece(at + "ln2") + _norm_piece(at + "ln3")
        pieces += _attention_pieces(at, ["sq", "sk", "sv"], dd, ["sqb", "skb", "svb"])
        pieces += _attention_pieces(at, ["so"], dd, ["sob"])
        pieces += _attention_pieces(at, ["cq"], dd, ["cqb"])
        pieces += _attention_pieces(at, ["ck", "cv"], dd, ["ckb", "cvb"])
        pieces += _attention_pieces(at, ["co"], dd, ["cob"]) + _ffn_pieces(at, d, c.ff)
    pieces += _norm_piece("dec.ln")
    pieces += [(FULL_DECAY, "out.tok.w", [("out.tok.w", (c.n_tokens, d))]),
               (FULL_PLAIN, "out.tok.b", [("out.tok.b", (c.n_tokens,))]),
               (FULL_DECAY, "out.pq", [("out.pq.%d" % k, dd) for k in range(3)]),
               (FULL_DECAY, "out.pk", [("out.pk", dd)])]
    return [(group, key, [(name, shape or (d,)) for name, shape in tensors])
            for group, key, tensors in pieces]


def _numel(shape):
    return int(math.prod(shape))


class Parameters:
    """The weights: one flat leaf tensor for each group, and the names' places in them."""

    def __init__(self, config, device):
        self.config = config
        self.device = torch.device(device)
        self.lowp = torch.bfloat16 if self.device.type == "cuda" else torch.float32
        self.pieces = [[] for _ in range(4)]   # per group: (key, shape of the stack)
        self.place = {}                        # tensor name → (group, offset, shape)
        sizes = [0] * 4
        for group, key, tensors in layout(config):
            rows = sum(shape[0] for _, shape in tensors)
            self.pieces[group].append((key, (rows,) + tuple(tensors[0][1][1:])))
            for name, shape in tensors:
                self.place[name] = (group, sizes[group], tuple(shape))
                sizes[group] += _numel(shape)
        self.flat = [torch.zeros(n, device=self.device, requires_grad=True) for n in sizes]

    def count(self):
        return sum(f.numel() for f in self.flat)

    def unpack(self, flat=None):
        """key → tensor to compute with; gradients flow back into the flat tensors in one concatenation."""
        out = {}
        for group, (pieces, values) in enumerate(zip(self.pieces, flat or self.flat)):
            if group in (LOWP_DECAY, LOWP_PLAIN):
                values = values.to(self.lowp)
            parts = values.split([_numel(shape) for _, shape in pieces])
            out.update((key, part.view(shape)) for (key, shape), part in zip(pieces, parts))
        return out

    def view(self, name, flat=None):
        group, offset, shape = self.place[name]
        return (flat or self.flat)[group].detach()[offset:offset + _numel(shape)].view(shape)

    def state(self, flat=None):
        """name → numpy array of every tensor, from `flat` (the averages, say) or the weights."""
        flat = [f.detach().cpu() for f in (flat or self.flat)]
        return {name: self.view(name, flat).numpy() for name in self.place}

    @torch.no_grad()
    def load(self, tensors, vocab):
        """Copies what fits from `tensors`, words by their text; returns the names it could not use."""
        unused = []
        for name, (_, _, shape) in self.place.items():
            value = tensors.get(name)
            if name == "emb.word" and value is not None:
                self._load_words(value, vocab)
            elif value is not None and tuple(value.shape) == shape:
                self.view(name).copy_(torch.tensor(value))
            else:
                unused.append(name)
        return unused

    def _load_words(self, value, vocab):
        row_of = {word: i for i, word in enumerate(vocab)}
        pairs = [(i, row_of[w]) for i, w in enumerate(self.config.vocab) if w in row_of]
        if not pairs or value.shape[1] != self.config.d:
            return
        to, source = (torch.tensor(x) for x in zip(*pairs))
        table = self.view("emb.word")
        table[to.to(self.device)] = torch.tensor(value)[source].to(self.device)

    @torch.no_grad()
    def initialise(self, seed):
        """Xavier matrices, unit norms, zero biases; embeddings small beside the layer norms after them."""
        generator = torch.Generator().manual_seed(seed)
        d = self.config.d
        std = {"emb.word": d ** -0.5, "emb.gram": 2 * d ** -0.5, "emb.kind": d ** -0.5,
               "emb.flag": d ** -0.5, "dec.tok": 0.3, "dec.state": 0.3, "dec.pos": 0.1, "dec.ptr_kind": 0.3}
        for name, (_, _, shape) in self.place.items():
            if name in std:
                value = torch.randn(shape, generator=generator) * std[name]
            elif name.endswith((".rk", ".rv")):
                value = torch.randn(shape, generator=generator) * 0.1
            elif len(shape) == 2 and not name.endswith(".rb"):
                bound = math.sqrt(6.0 / (shape[0] + shape[1]))
                value = (torch.rand(shape, generator=generator) * 2 - 1) * bound
            else:
                value = torch.ones(shape) if name.endswith(".g") else torch.zeros(shape)
            self.view(name).copy_(value)


class GramSum(torch.autograd.Function):
    """out[s] = Σ_k weight[s,k] · table[index[s,k]], without a copy of the rows kept for the way back."""

    @staticmethod
    def forward(ctx, table, index, weight):
        ctx.save_for_backward(index, weight)
        ctx.rows = table.shape[0]
        rows = table.index_select(0, index.reshape(-1)).view(*index.shape, -1)
        return torch.bmm(weight.unsqueeze(1), rows).squeeze(1)

    @staticmethod
    def backward(ctx, grad):
        index, weight = ctx.saved_tensors
        rows = (weight.unsqueeze(2) * grad.unsqueeze(1)).view(-1, grad.shape[-1])
        table = torch.zeros(ctx.rows, grad.shape[-1], dtype=grad.dtype, device=grad.device)
        return table.index_add_(0, index.reshape(-1), rows), None, None


def _accumulate(values, index, one_hot, n):
    """out[b,h,i,r] = Σ_j values[b,h,i,j] where index[b,i,j] = r: by atomic adds, or as a matrix product."""
    b, h, i, j = values.shape
    if one_hot is None:
        out = torch.zeros(b, h, i, n, dtype=values.dtype, device=values.device)
        return out.scatter_add_(3, index.unsqueeze(1).expand(b, h, i, j), values)
    left = values.transpose(1, 2).to(one_hot.dtype).reshape(b * i, h, j)
    out = torch.bmm(left, one_hot)
    return out.view(b, i, h, n).transpose(1, 2).to(values.dtype)


def _select(values, index):
    b, h, i, _ = values.shape
    return values.gather(3, index.unsqueeze(1).expand(b, h, i, index.shape[-1]))


class RelationSelect(torch.autograd.Function):
    """out[b,h,i,j] = values[b,h,i,index[b,i,j]]."""

    @staticmethod
    def forward(ctx, values, index, one_hot):
        ctx.save_for_backward(index, one_hot)
        ctx.n = values.shape[3]
        return _select(values, index)

    @staticmethod
    def backward(ctx, grad):
        index, one_hot = ctx.saved_tensors
        return _accumulate(grad, index, one_hot, ctx.n), None, None


class RelationSum(torch.autograd.Function):
    """out[b,h,i,r] = Σ of values[b,h,i,j] over the j with index[b,i,j] = r."""

    @staticmethod
    def forward(ctx, values, index, one_hot, n):
        ctx.save_for_backward(index)
        return _accumulate(values, index, one_hot, n)

    @staticmethod
    def backward(ctx, grad):
        (index,) = ctx.saved_tensors
        return _select(grad, index), None, None, None


class Regularisation:
    """What is random in training; None in its place means none."""

    def __init__(self, dropout=0.2, attention=0.0, word=0.15):
        self.dropout, self.attention, self.word = dropout, attention, word


def _drop(x, p):
    return F.dropout(x, p, True) if p > 0 else x


def _norm(x, w, at):
    return F.layer_norm(x, (x.shape[-1],), w[at + ".g"], w[at + ".b"], 1e-5)


def _heads(x, count, heads):
    """[B,N,count*d] → `count` tensors [B,H,N,dh] in f32."""
    b, n, width = x.shape
    return x.float().view(b, n, count, heads, width // count // heads).permute(2, 0, 3, 1, 4).unbind(0)


def _join(x):
    b, h, n, dh = x.shape
    return x.transpose(1, 2).reshape(b, n, h * dh)


def _attend(q, k, v, mask, p):
    """Plain attention; `mask` is added to the scores."""
    scores = torch.matmul(q * (q.shape[-1] ** -0.5), k.transpose(2, 3)) + mask
    return _join(torch.matmul(_drop(torch.softmax(scores, -1), p), v))


def _linear(x, w, key, bias, lowp):
    return F.linear(x.to(lowp), w[key], w[bias])


def _feed_forward(h, w, at):
    hidden = torch.relu(_linear(h, w, at + "w1", at + "b1", w[at + "w1"].dtype))
    return _linear(hidden, w, at + "w2", at + "b2", hidden.dtype)


def _relation_columns(n_relations):
    """Columns of a table over relations: theirs, one for padding, rounded up for the matrix units."""
    return (n_relations + 8) // 8 * 8


def _relation_attention(qkv, rk, rv, rb, rel, one_hot, heads, p):
    """Relation-aware attention. `rel` [B,N,N] holds n_relations where a key is padding: that extra
    relation scores MASKED, so padding needs no mask of its own."""
    q, k, v = _heads(qkv, 3, heads)
    scale = q.shape[-1] ** -0.5
    q = q * scale
    padding = _relation_columns(rk.shape[0]) - rk.shape[0]
    by_relation = torch.matmul(q, rk.t()) + (rb.t() * scale).unsqueeze(1)
    by_relation = F.pad(by_relation, (0, padding), value=MASKED)
    bias = RelationSelect.apply(by_relation, rel, one_hot)
    scores = torch.matmul(q, k.transpose(2, 3)) + bias
    a = _drop(torch.softmax(scores, -1), p)
    mass = RelationSum.apply(a, rel, one_hot, rk.shape[0] + padding)
    return _join(torch.matmul(a, v) + torch.matmul(mass, F.pad(rv, (0, 0, 0, padding))))


class Network:
    """The forward pass over a batch of data.DeviceCorpus.batch, with the weights of Parameters.unpack."""

    def __init__(self, config, state_mask, lowp, one_hot_relations=False):
        self.c = config
        self.lowp = lowp
        self.one_hot_relations = one_hot_relations
        self.state_mask = state_mask              # [S, T+3] bool
        self.relation_attention = _relation_attention

    def compile(self):
        """Fuses the element-wise part of the attention; the shapes stay free."""
        self.relation_attention = torch.compile(_relation_attention, dynamic=True)

    def embed(self, batch, w, reg):
        """[B,N,d]: words and their character grams, kinds and flags."""
        b, n = batch["kind"].shape
        d = self.c.d
        row = batch["slot_row"]
        if reg and reg.word > 0:
            keep = torch.rand(row.shape, device=row.device) >= reg.word
            row = row * keep
        # A continuation of a long word has weight 0 here and brings only grams.
        words = w["emb.word"].index_select(0, row.view(-1)) * batch["slot_word_weight"].view(-1, 1)
        grams = GramSum.apply(w["emb.gram"], batch["slot_grams"].flatten(0, 1),
                              batch["slot_gram_weight"].flatten(0, 1))
        x = torch.zeros(b * n, d, device=row.device)
        x = x.index_add(0, batch["slot_node"].view(-1), words + grams).view(b, n, d)
        x = x + torch.matmul(batch["kind_flags"], w["emb.kind"])
        x = _norm(x, w, "emb.ln")
        return _drop(x, reg.dropout) if reg else x

    def encode(self, batch, w, reg):
        """Memory [B,N,d]."""
        x = self.embed(batch, w, reg)
        rel = batch["rel"]
        one_hot = None
        if self.one_hot_relations:
            columns = torch.arange(_relation_columns(self.c.n_relations), device=rel.device)
            one_hot = (rel.flatten(0, 1).unsqueeze(2) == columns).to(self.lowp)
        p = reg.dropout if reg else 0.0
        p_attention = reg.attention if reg else 0.0
        for l in range(self.c.enc):
            at = "enc.%d." % l
            qkv = _linear(_norm(x, w, at + "ln1"), w, at + "wq", at + "wq:b", self.lowp)
            o = self.relation_attention(qkv, w[at + "rk"], w[at + "rv"], w[at + "rb"], rel, one_hot,
                                        self.c.heads, p_attention)
            x = x + _drop(_linear(o, w, at + "wo", at + "wo:b", self.lowp), p)
            x = x + _drop(_feed_forward(_norm(x, w, at + "ln2"), w, at), p)
        return _norm(x, w, "enc.ln")

    def decoder_input(self, batch, m, w):
        """[B,T,d]: what the step before produced, the grammar's state and the place."""
        c = self.c
        b, t = batch["step_kind"].shape
        kind, target = batch["step_kind"][:, :-1], batch["step_id"][:, :-1]
        first = torch.zeros(b, 1, dtype=kind.dtype, device=m.device)
        kind, target = torch.cat([first, kind], 1), torch.cat([first, target], 1)
        pointed = kind > 0
        token = w["dec.tok"].index_select(0, (target * ~pointed).view(-1)).view(b, t, c.d)
        node = (target * pointed).unsqueeze(2).expand(b, t, c.d)
        pointer = F.linear(m.gather(1, node), w["dec.ptr_in"])
        pointer = pointer + w["dec.ptr_kind"].index_select(0, (kind - 1).clamp(min=0).view(-1)).view(b, t, c.d)
        state = w["dec.state"].index_select(0, batch["step_state"].view(-1)).view(b, t, c.d)
        return torch.where(pointed.unsqueeze(2), pointer, token) + state + w["dec.pos"][:t]

    def decode(self, batch, m, w, reg):
        """z [B,T,d]."""
        c = self.c
        y = self.decoder_input(batch, m, w)
        p = reg.dropout if reg else 0.0
        p_attention = reg.attention if reg else 0.0
        y = _drop(y, p)
        t = y.shape[1]
        causal = torch.full((t, t), MASKED, device=m.device).triu(1)
        memory_mask = batch["node_mask"].logical_not()[:, None, None, :] * MASKED
        m = m.to(self.lowp)
        for l in range(c.dec):
            at = "dec.%d." % l
            q, k, v = _heads(_linear(_norm(y, w, at + "ln1"), w, at + "sq", at + "sq:b", self.lowp), 3, c.heads)
            y = y + _drop(_linear(_attend(q, k, v, causal, p_attention), w, at + "so", at + "so:b", self.lowp), p)
            (q,) = _heads(_linear(_norm(y, w, at + "ln2"), w, at + "cq", at + "cq:b", self.lowp), 1, c.heads)
            k, v = _heads(_linear(m, w, at + "ck", at + "ck:b", self.lowp), 2, c.heads)
            y = y + _drop(_linear(_attend(q, k, v, memory_mask, p_attention), w, at + "co", at + "co:b", self.lowp), p)
            y = y + _drop(_feed_forward(_norm(y, w, at + "ln3"), w, at), p)
        return _norm(y, w, "dec.ln")

    def score(self, batch, z, m, w):
        """(log-probabilities [B,T,T'+N] with MASKED where not allowed, allowed): tokens, then nodes."""
        b, t, d = z.shape
        tokens = F.linear(z, w["out.tok.w"], w["out.tok.b"])
        q = F.linear(z, w["out.pq"]).view(b, t * 3, d)
        by_kind = torch.matmul(q, F.linear(m, w["out.pk"]).transpose(1, 2)).view(b, t, 3, -1)
        of_kind = batch["kind_one_hot"][:, :, 1:].transpose(1, 2).unsqueeze(1)       # [B,1,3,N]
        pointers = (by_kind * of_kind).sum(2) * d ** -0.5
        states = self.state_mask.index_select(0, batch["step_state"].view(-1)).view(b, t, -1)
        nodes = torch.matmul(states[:, :, -3:].float(), of_kind.squeeze(1)) > 0.5
        allowed = torch.cat([states[:, :, :-3], nodes], 2)
        logits = torch.cat([tokens, pointers], 2).masked_fill(~allowed, MASKED)
        return torch.log_softmax(logits, -1).masked_fill(~allowed, MASKED), allowed

    def forward(self, batch, w, reg=None):
        m = self.encode(batch, w, reg)
        z = self.decode(batch, m, w, reg)
        logp, allowed = self.score(batch, z, m, w)
        return {"memory": m, "logp": logp, "allowed": allowed,
                "used": F.linear(m, w["used.w"], w["used.b"]).squeeze(2),
                "role": F.linear(m, w["role.w"], w["role.b"])}


def _mean_over(values, mask):
    """Per example mean of `values` where `mask`; 0 where there is none."""
    mask = mask.to(values.dtype)
    return (values * mask).sum(1) / mask.sum(1).clamp(min=1)


def losses(out, batch, smoothing=0.1, teacher_weight=0.7):
    """Per example [B]: 'loss' (whole), 'step' (smoothed cross-entropy), 'nll', 'used', 'role', 'hit' (every
    step's arg-max is right) and 'step_hit' [B,T].

    Each part is a mean inside its example: over steps, over schema nodes, over columns.
    """
    logp, allowed, target = out["logp"], out["allowed"], batch["target"]
    steps = batch["step_mask"]
    gold = -logp.gather(2, target.unsqueeze(2)).squeeze(2)
    spread = -(logp * allowed).sum(2) / allowed.sum(2).clamp(min=1)
    nll = _mean_over(gold, steps)
    step = (1 - smoothing) * nll + smoothing * _mean_over(spread, steps)
    main = step
    if "teacher" in batch:
        soft = _mean_over(-(logp * batch["teacher"]).sum(2), steps)
        main = (1 - teacher_weight) * step + teacher_weight * soft
    kind = batch["kind"]
    used = F.binary_cross_entropy_with_logits(out["used"], batch["used"], reduction="none")
    used = _mean_over(used, (kind > 0) & batch["node_mask"])
    role = F.cross_entropy(out["role"].transpose(1, 2), batch["role"], reduction="none")
    role = _mean_over(role, (kind == 1) & batch["node_mask"])
    step_hit = (logp.argmax(2) == target) & steps
    return {"loss": main + 0.3 * used + 0.3 * role, "step": step, "nll": nll, "used": used, "role": role,
            "step_hit": step_hit, "hit": (step_hit | ~steps).all(1)}
