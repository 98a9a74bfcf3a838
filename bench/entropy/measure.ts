import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type Coder, decodeBytes, encodeBytes, entropyBits } from '../../src/coding/coded-bytes';
import { openNodeGpu } from '../../src/engines/webgpu/node-gpu';
import { latheWeights } from '../../src/export/lathe';
import type { Recipe, RecipeStep } from '../../src/lab/protocol/protocol';
import { RecipeTexts } from '../../src/lab/texts/recipe-texts';
import { Session } from '../../src/lab/session';
import { TrainingRuns } from '../../src/lab/checkpoints/training-runs';
import type { Model } from '../../src/model/model';
import { folderFiles } from '../../src/testing/folder-checkpoint';

const CODERS: readonly Coder[] = ['rans', 'huffman'];
const ZSTD = ['-19', '--no-check', '-q', '-c'];

const step = (method: string, parameters: Record<string, unknown> = {}): RecipeStep => ({
  method,
  targets: ['Linear'],
  parameters,
});

const rounded = (bits: number, strategy = 'channel', more: Record<string, unknown> = {}) =>
  step('round-to-nearest', { bits, strategy, ...more });

const FORMS: readonly [name: string, steps: readonly RecipeStep[]][] = [
  ['float32', []],
  ['int8 per tensor', [rounded(8, 'tensor')]],
  ['int8 per channel', [rounded(8)]],
  ['int8 per channel, zero points', [rounded(8, 'channel', { symmetric: false })]],
  ['int8, groups of 32', [rounded(8, 'group', { groupSize: 32 })]],
  ['int4 per tensor', [rounded(4, 'tensor')]],
  ['int4 per channel', [rounded(4)]],
  ['int4, groups of 32', [rounded(4, 'group', { groupSize: 32 })]],
  ['int3, groups of 32', [rounded(3, 'group', { groupSize: 32 })]],
  ['int2, groups of 32', [rounded(2, 'group', { groupSize: 32 })]],
  ['50 % unstructured', [step('magnitude-pruning', { sparsity: 0.5 })]],
  ['50 % unstructured, int8', [step('magnitude-pruning', { sparsity: 0.5 }), rounded(8)]],
  ['70 % unstructured, int8', [step('magnitude-pruning', { sparsity: 0.7 }), rounded(8)]],
  ['2:4, int8', [step('magnitude-pruning', { pattern: '2:4' }), rounded(8)]],
  ['blocks 16×16, 50 %, int8', [step('block-pruning', { sparsity: 0.5 }), rounded(8)]],
  ['rank 96, int8', [step('low-rank', { rank: 96 }), rounded(8)]],
  ['Kronecker, 32 terms, int8', [step('kronecker', { aShape: ['1/16', '1/16'], terms: 32 }), rounded(8)]],
  ['product-quantized, blocks of 4', [step('product-quantization', { blockSize: 4 })]],
];

interface Setting {
  readonly root: string;
  /** For the input of `zstd`. */
  readonly scratch: string;
  readonly rounds: number;
}

/** A tensor of a format as it is stored. */
interface Plain {
  readonly bytes: Uint8Array;
  readonly elementBits: number;
}

/** Yields each format of the demo GPT-2's block linears. */
export async function measureForms({ root, scratch, rounds }: Setting) {
  await openNodeGpu();
  const session = await Session.open(await folderFiles(join(root, 'public/models/fairy-tales-gpt2')), {});
  const texts = recipeTexts(root);
  const results = [];
  for (const [name, steps] of FORMS) {
    console.error(`measuring ${name}`);
    const model = await variantOf(session, texts, name, steps);
    const coded = await variantOf(session, texts, name, [...steps, step('entropy-coding')]);
    const measured = await measureTensors(await tensorsOf(model), { scratch, rounds });
    const weights = model.blockLinears.reduce((sum, module) => sum + elementsOf(model, module), 0);
    const bits = Object.fromEntries(
      Object.entries(measured.bytes).map(([key, bytes]) => [key, bytes && (8 * bytes) / weights]),
    );
    const { milliseconds } = measured;
    results.push({ name, bits, fileBytes: fileBytes(model), codedFileBytes: fileBytes(coded), milliseconds });
    for (const id of session.blueprint().variants.map(({ info }) => info.id)) session.discard(id);
  }
  session.dispose();
  return results;
}

function recipeTexts(root: string): RecipeTexts {
  const texts = new RecipeTexts();
  const name = 'fairy-tales.train.txt';
  texts.provide({ name, kind: 'text', content: readFileSync(join(root, 'public/datasets', name), 'utf8') });
  return texts;
}

async function variantOf(
  session: Session,
  texts: RecipeTexts,
  name: string,
  steps: readonly RecipeStep[],
): Promise<Model> {
  if (steps.length === 0) return session.base.model;
  const calibration = { text: 'fairy-tales.train.txt', sequences: 32, length: 128, seed: 0 };
  const recipe: Recipe = { name, steps, calibration };
  const { id } = await session.compress(recipe, { texts, runs: new TrainingRuns() }, {});
  return session.variant(id).model;
}

async function tensorsOf(model: Model): Promise<Plain[]> {
  const tensors: Plain[] = [];
  for (const module of model.blockLinears) {
    for (const { read, elementBits = 32 } of model.linears.get(module)!.stored())
      tensors.push({ bytes: await read(), elementBits });
  }
  return tensors;
}

async function measureTensors(tensors: readonly Plain[], { scratch, rounds }: Omit<Setting, 'root'>) {
  const together = Buffer.concat(tensors.map(({ bytes }) => bytes));
  const zipped = gzipSync(together, { level: 9 });
  const coded = { rans: await codeAll(tensors, 'rans'), huffman: await codeAll(tensors, 'huffman') };
  const lengths = Object.fromEntries(
    CODERS.map((coder) => [coder, coded[coder].reduce((sum, { length }) => sum + length, 0)]),
  ) as Record<Coder, number>;
  const decodeAll = async (coder: Coder) => {
    for (const [index, { bytes }] of tensors.entries()) {
      const code = coded[coder][index];
      if (code !== bytes) await decodeBytes(code, bytes.length, noPause);
    }
  };
  return {
    bytes: {
      stored: together.length,
      entropy: tensors.reduce((sum, { bytes, elementBits }) => sum + entropyBits(bytes, elementBits) / 8, 0),
      ...lengths,
      gzip: zipped.length,
      zstd: zstdLength(together, scratch),
    },
    milliseconds: {
      rans: await medianTime(rounds, () => decodeAll('rans')),
      huffman: await medianTime(rounds, () => decodeAll('huffman')),
      gzip: await medianTime(rounds, async () => gunzipSync(zipped)),
    },
  };
}

const noPause = () => undefined;

/** Coded only where that is shorter, as in a weight. */
async function codeAll(tensors: readonly Plain[], coder: Coder): Promise<Uint8Array[]> {
  const coded: Uint8Array[] = [];
  for (const { bytes, elementBits } of tensors) {
    const code = await encodeBytes(bytes, { coder, elementBits, pause: noPause });
    coded.push(code.length < bytes.length ? code : bytes);
  }
  return coded;
}

function zstdLength(bytes: Buffer, scratch: string): number | undefined {
  const file = join(scratch, 'tensors');
  writeFileSync(file, bytes);
  const { status, stdout } = spawnSync('zstd', [...ZSTD, file], { maxBuffer: 2 * bytes.length + 1024 });
  return status === 0 ? stdout.length : undefined;
}

async function medianTime(rounds: number, run: () => Promise<unknown>): Promise<number> {
  await run();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    await run();
    times.push(performance.now() - started);
  }
  return times.sort((left, right) => left - right)[rounds >> 1];
}

function fileBytes(model: Model): number {
  return latheWeights(model, { name: '', steps: [] }).byteLength;
}

function elementsOf(model: Model, module: string): number {
  const [outputs, inputs] = model.linears.get(module)!.shape;
  return outputs * inputs;
}
