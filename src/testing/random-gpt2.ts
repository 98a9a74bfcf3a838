import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededNormal } from './allclose';

/** Shape of a GPT-2. GPT-2 small has 12 layers, width 768, 50257 tokens and 1024 positions: 497.8 MB in float32. */
export interface Gpt2Shape {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly vocabulary: number;
  readonly context: number;
}

export const GPT2_SMALL: Gpt2Shape = { layers: 12, width: 768, heads: 12, vocabulary: 50257, context: 1024 };

/** Number of normal values that are drawn and then repeated; the time to read a large file does not depend on its values. */
const RANDOM_VALUES = 1 << 20;
const STANDARD_DEVIATION = 0.02;

/**
 * Writes a GPT-2 checkpoint of random float32 weights into `folder`, with the tokenizer of `tokenizerFolder`. The file is
 * streamed, so that large ones need little memory.
 */
export async function writeRandomGpt2(
  folder: string,
  shape: Gpt2Shape,
  tokenizerFolder: string,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify(configOf(shape)));
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) {
    await copyFile(join(tokenizerFolder, file), join(folder, file));
  }
  await writeWeights(join(folder, 'model.safetensors'), tensorsOf(shape));
}

function configOf({ layers, width, heads, vocabulary, context }: Gpt2Shape): Record<string, unknown> {
  return {
    model_type: 'gpt2',
    architectures: ['GPT2LMHeadModel'],
    activation_function: 'gelu_new',
    layer_norm_epsilon: 1e-5,
    n_layer: layers,
    n_embd: width,
    n_head: heads,
    n_positions: context,
    vocab_size: vocabulary,
    tie_word_embeddings: true,
    bos_token_id: 0,
    eos_token_id: 0,
  };
}

function tensorsOf({ layers, width, vocabulary, context }: Gpt2Shape): [name: string, shape: number[]][] {
  const block = (layer: number): [string, number[]][] =>
    (
      [
        ['ln_1.weight', [width]],
        ['ln_1.bias', [width]],
        ['attn.c_attn.weight', [width, 3 * width]],
        ['attn.c_attn.bias', [3 * width]],
        ['attn.c_proj.weight', [width, width]],
        ['attn.c_proj.bias', [width]],
        ['ln_2.weight', [width]],
        ['ln_2.bias', [width]],
        ['mlp.c_fc.weight', [width, 4 * width]],
        ['mlp.c_fc.bias', [4 * width]],
        ['mlp.c_proj.weight', [4 * width, width]],
        ['mlp.c_proj.bias', [width]],
      ] as [string, number[]][]
    ).map(([name, shape]) => [`transformer.h.${layer}.${name}`, shape]);
  return [
    ['transformer.wte.weight', [vocabulary, width]],
    ['transformer.wpe.weight', [context, width]],
    ...Array.from({ length: layers }, (_, layer) => block(layer)).flat(),
    ['transformer.ln_f.weight', [width]],
    ['transformer.ln_f.bias', [width]],
  ];
}

async function writeWeights(path: string, tensors: [name: string, shape: number[]][]): Promise<void> {
  const header: Record<string, unknown> = {};
  let offset = 0;
  for (const [name, shape] of tensors) {
    const end = offset + 4 * shape.reduce((product, size) => product * size, 1);
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const file = createWriteStream(path);
  const write = async (bytes: Uint8Array) => {
    if (!file.write(bytes)) await once(file, 'drain');
  };
  await write(length);
  await write(json);
  const noise = new Uint8Array(
    seededNormal(RANDOM_VALUES, 0).map((value) => value * STANDARD_DEVIATION).buffer,
  );
  for (let left = offset; left > 0; left -= noise.length) {
    await write(left >= noise.length ? noise : noise.subarray(0, left));
  }
  file.end();
  await once(file, 'finish');
}
