import type { CheckpointFiles } from '../checkpoint/checkpoint-files';
import {
  planSafetensors,
  safetensorsChunks,
  type SafetensorsPlan,
  type TensorDescription,
} from '../checkpoint/safetensors-writer';
import { readTensorBytes } from '../gpu/transfer';
import type { MatrixLayout, Model } from '../model/model';
import { FORMAT_KEY, FORMAT_VERSION, WEIGHTS_KEY } from '../model/stored-weights';
import { transpose } from '../model/transpose';
import type { LinearWeight } from '../weights/linear-weight';
import type { ExportFormat, Recipe } from './protocol';

/** Metadata key of the recipe that made a compressed checkpoint. */
export const RECIPE_KEY = 'lathe.recipe';

/** A safetensors file laid out before any of its bytes is read from the GPU. */
export interface ExportPlan {
  readonly file: SafetensorsPlan;
  /** The file piece by piece, a tensor at a time. */
  chunks(): AsyncGenerator<Uint8Array>;
}

interface PlannedTensor extends TensorDescription {
  read(): Promise<Uint8Array> | AsyncIterable<Uint8Array>;
}

/**
 * Lays out a model's weights as a file. `dense`: every matrix in float32 under the names and in the orientation of
 * transformers. `lathe`: compressed matrices in their stored form, all others as in `dense`; see docs/formats.md.
 */
export function planExport(model: Model, format: ExportFormat, recipe: Recipe): ExportPlan {
  const compressed = format === 'lathe' ? compressedModules(model) : new Map<string, LinearWeight>();
  const tensors = [
    ...model.layout.matrices.flatMap((matrix) => {
      const weight = compressed.get(matrix.module);
      return weight
        ? storedTensors(matrix.module, weight)
        : [denseTensor(matrix, model.linears.get(matrix.module)!)];
    }),
    ...model.layout.vectors.map(({ tensor, shape }): PlannedTensor => ({
      name: tensor,
      dtype: 'F32',
      shape,
      read: async () => new Uint8Array(await readTensorBytes(model.vectors.get(tensor)!)),
    })),
  ];
  const readers = new Map(tensors.map((tensor) => [tensor.name, tensor.read]));
  const file = planSafetensors(
    tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    metadataOf(compressed, recipe),
  );
  return { file, chunks: () => safetensorsChunks(file, ({ name }) => readers.get(name)!()) };
}

function compressedModules(model: Model): Map<string, LinearWeight> {
  return new Map([...model.linears].filter(([, weight]) => weight.form !== 'dense'));
}

function storedTensors(module: string, weight: LinearWeight): PlannedTensor[] {
  return weight.stored().map(({ suffix, dtype, shape, read, pieces }) => ({
    name: `${module}.${suffix}`,
    dtype,
    shape,
    read: pieces ?? read,
  }));
}

function denseTensor({ tensor, shape, transposed }: MatrixLayout, weight: LinearWeight): PlannedTensor {
  const [outputs, inputs] = shape;
  const readDense = async () => {
    const values = await weight.dense();
    return new Uint8Array((transposed ? transpose(values, outputs, inputs) : values).buffer);
  };
  return {
    name: tensor,
    dtype: 'F32',
    shape: transposed ? [inputs, outputs] : [outputs, inputs],
    read: () => {
      const [{ pieces }] = weight.stored();
      // An embedding is the largest matrix, and stands in the file as it stands on the GPU.
      return weight.form === 'dense' && !transposed && pieces ? pieces() : readDense();
    },
  };
}

function metadataOf(compressed: ReadonlyMap<string, LinearWeight>, recipe: Recipe): Record<string, string> {
  if (compressed.size === 0) return { format: 'pt' };
  const weights = Object.fromEntries(
    [...compressed].map(([module, weight]) => [
      module,
      { form: weight.form, attributes: weight.attributes() },
    ]),
  );
  return {
    [FORMAT_KEY]: FORMAT_VERSION,
    [WEIGHTS_KEY]: JSON.stringify(weights),
    [RECIPE_KEY]: JSON.stringify(recipe),
  };
}

/** Files that go beside the weights, by name. */
export function companionFiles(
  model: Model,
  checkpoint: CheckpointFiles,
  recipe: Recipe,
  format: ExportFormat,
) {
  const { tokenizerFiles } = checkpoint;
  const named: Record<string, string | undefined> = {
    'config.json': JSON.stringify({ ...withoutDtype(model.config.source), dtype: 'float32' }, undefined, 2),
    'tokenizer.json': tokenizerFiles.tokenizerJson,
    'tokenizer_config.json': tokenizerFiles.tokenizerConfig,
    'special_tokens_map.json': tokenizerFiles.specialTokensMap,
    'vocab.json': tokenizerFiles.vocabJson,
    'merges.txt': tokenizerFiles.mergesTxt,
    'vocab.txt': tokenizerFiles.vocabTxt,
    'recipe.json':
      format === 'lathe' && recipe.steps.length > 0 ? JSON.stringify(recipe, undefined, 2) : undefined,
  };
  return Object.entries(named).flatMap(([name, text]) => (text === undefined ? [] : [{ name, text }]));
}

/** Newer configs say `dtype`, older ones `torch_dtype`; the export says one of them. */
function withoutDtype(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).filter(([key]) => key !== 'torch_dtype' && key !== 'dtype'),
  );
}
