// tiny_gguf.mjs FILE [SEED]: writes a language model of one layer with random weights, in GGUF, whose
// vocabulary is the 256 bytes. It knows nothing, which is the point: what comes out of it is what
// the decoder's grammar allows.
import { writeFileSync } from 'node:fs';

const WIDTH = 32, HEADS = 4, INNER = 64, CONTEXT = 8192, ALIGN = 32;
const U32 = 4, F32 = 6, STRING = 8, ARRAY = 9, I32 = 5;

let state = BigInt(process.argv[3] ?? 1);
// SplitMix64, as a number in [-1, 1).
function random() {
  const mask = (1n << 64n) - 1n;
  state = (state + 0x9e3779b97f4a7c15n) & mask;
  let z = state;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
  return Number((z ^ (z >> 31n)) >> 11n) / 2 ** 52 - 1;
}

const parts = [];
const bytes = (b) => parts.push(b);
const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32LE(n); bytes(b); };
const i32 = (n) => { const b = Buffer.alloc(4); b.writeInt32LE(n); bytes(b); };
const f32 = (n) => { const b = Buffer.alloc(4); b.writeFloatLE(n); bytes(b); };
const u64 = (n) => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(n)); bytes(b); };
const text = (s) => { const b = Buffer.from(s); u64(b.length); bytes(b); };

const tokens = ['<unk>', '<s>', '</s>'], types = [2, 3, 3];
for (let i = 0; i < 256; i++) {
  tokens.push(`<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`);
  types.push(6);
}

const facts = [
  ['general.architecture', STRING, 'llama'],
  ['general.name', STRING, 'tiny and random'],
  ['llama.context_length', U32, CONTEXT],
  ['llama.embedding_length', U32, WIDTH],
  ['llama.block_count', U32, 1],
  ['llama.feed_forward_length', U32, INNER],
  ['llama.attention.head_count', U32, HEADS],
  ['llama.attention.head_count_kv', U32, HEADS],
  ['llama.attention.layer_norm_rms_epsilon', F32, 1e-5],
  ['llama.rope.dimension_count', U32, WIDTH / HEADS],
  ['llama.vocab_size', U32, tokens.length],
  ['tokenizer.ggml.model', STRING, 'llama'],
  ['tokenizer.ggml.tokens', [STRING], tokens],
  ['tokenizer.ggml.scores', [F32], tokens.map(() => 0)],
  ['tokenizer.ggml.token_type', [I32], types],
  ['tokenizer.ggml.bos_token_id', U32, 1],
  ['tokenizer.ggml.eos_token_id', U32, 2],
  ['tokenizer.ggml.unknown_token_id', U32, 0],
];
const V = tokens.length, W = WIDTH;
const tensors = [
  ['token_embd.weight', [W, V]], ['output_norm.weight', [W]], ['output.weight', [W, V]],
  ['blk.0.attn_norm.weight', [W]], ['blk.0.attn_q.weight', [W, W]],
  ['blk.0.attn_k.weight', [W, W]], ['blk.0.attn_v.weight', [W, W]],
  ['blk.0.attn_output.weight', [W, W]], ['blk.0.ffn_norm.weight', [W]],
  ['blk.0.ffn_gate.weight', [W, INNER]], ['blk.0.ffn_up.weight', [W, INNER]],
  ['blk.0.ffn_down.weight', [INNER, W]],
];

const write = { [U32]: u32, [F32]: f32, [I32]: i32, [STRING]: text };
bytes(Buffer.from('GGUF'));
u32(3);
u64(tensors.length);
u64(facts.length);
for (const [key, type, value] of facts) {
  text(key);
  if (Array.isArray(type)) {
    u32(ARRAY);
    u32(type[0]);
    u64(value.length);
    value.forEach(write[type[0]]);
  } else {
    u32(type);
    write[type](value);
  }
}
const size = (shape) => shape.reduce((a, b) => a * b, 4);
const padded = (n) => Math.ceil(n / ALIGN) * ALIGN;
let offset = 0;
for (const [name, shape] of tensors) {
  text(name);
  u32(shape.length);
  shape.forEach(u64);
  u32(0); // F32
  u64(offset);
  offset += padded(size(shape));
}
const head = parts.reduce((n, b) => n + b.length, 0);
bytes(Buffer.alloc(padded(head) - head));
for (const [name, shape] of tensors) {
  const data = Buffer.alloc(padded(size(shape)));
  const norm = name.includes('norm');
  for (let i = 0; i < size(shape) / 4; i++) data.writeFloatLE(norm ? 1 : random() * 0.3, i * 4);
  bytes(data);
}
writeFileSync(process.argv[2], Buffer.concat(parts));
