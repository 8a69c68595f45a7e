// decode.mjs MODULES MODEL GRAMMAR COUNT: that many queries, one a line, which llama.cpp samples from
// MODEL under the grammar in the file GRAMMAR; refusals between them are written too, and not
// counted. MODULES is the folder with node_modules in it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [modules, modelPath, grammarPath, count] = process.argv.slice(2);
const entry = createRequire(`${modules}/`).resolve('node-llama-cpp');
const { getLlama, LlamaCompletion, LlamaGrammar } = await import(pathToFileURL(entry));

const llama = await getLlama({ gpu: false, build: 'never', logLevel: 'error' });
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({ contextSize: 8192, threads: 1 });
const sequence = context.getSequence();
const completion = new LlamaCompletion({ contextSequence: sequence });
const grammar = new LlamaGrammar(llama, { grammar: readFileSync(grammarPath, 'utf8') });

for (let i = 0, queries = 0; queries < Number(count) && i < 4 * Number(count); i++) {
  await sequence.clearHistory();
  const out = await completion.generateCompletionWithMeta('SQL: ', {
    grammar, temperature: 1, topK: 0, topP: 1, minP: 0, seed: i + 1, maxTokens: 6000,
  });
  if (out.metadata.stopReason === 'maxTokens') console.error(`sample ${i} has no end`);
  if (out.response !== 'CANNOT ANSWER') queries++;
  console.log(out.response);
}
process.exit(0);
