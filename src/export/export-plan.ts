import type { CheckpointFiles } from '../checkpoint/checkpoint-files';
import {
  planSafetensors,
  safetensorsChunks,
  type SafetensorsPlan,
  type TensorDescription,
} from '../checkpoint/safetensors-writer';
import { readTensorBytes } from '../engines/webgpu/transfer';
import { architectureOf } from '../model/architectures';
import type { MatrixLayout, Model } from '../model/model';
import { isAsInCheckpoint, valuesInCheckpoint, vectorInCheckpoint } from '../model/restructure';
import { structureMetadata } from '../model/structure-metadata';
import { FORMAT_KEY, FORMAT_VERSION, WEIGHTS_KEY } from '../model/stored-weights';
import { transpose } from '../model/transpose';
import type { LinearWeight } from '../weights/linear-weight';
import type { Recipe } from '../compression/recipe/recipe-description';
import type { ExportFormat } from './export-sink';

/** Metadata key of the recipe that made a compressed checkpoint. */
export const RECIPE_KEY = 'lathe.recipe';

/** What transformers asks for of a file that it is to load. */
const PLAIN_METADATA: Readonly<Record<string, string>> = { format: 'pt' };

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
 * transformers, blocks numbered anew where some are gone and zeros where heads, neurons or sub-layers are, so that any program
 * runs it; experts are merged into one layer of their neurons. `lathe`: compressed matrices in their stored form, all others as
 * they are, what is gone left out; see docs/formats.md.
 */
export function planExport(model: Model, format: ExportFormat, recipe: Recipe): ExportPlan {
  const tensors = format === 'lathe' ? latheTensors(model) : denseTensors(model);
  const readers = new Map(tensors.map((tensor) => [tensor.name, tensor.read]));
  const file = planSafetensors(
    tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    format === 'lathe' ? metadataOf(model, recipe) : PLAIN_METADATA,
  );
  return { file, chunks: () => safetensorsChunks(file, ({ name }) => readers.get(name)!()) };
}

function latheTensors(model: Model): PlannedTensor[] {
  const compressed = compressedModules(model);
  return [
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
}

function denseTensors(model: Model): PlannedTensor[] {
  const { matrices, vectors } = model.checkpointLayout;
  const newNumbers = new Map(model.config.structure.blocks.map(({ index }, position) => [index, position]));
  const { blockName } = architectureOf(model.config.source);
  const isThere = ({ block }: { readonly block?: number }) => block === undefined || newNumbers.has(block);
  const nameOf = ({ tensor, block }: { readonly tensor: string; readonly block?: number }) =>
    block === undefined ? tensor : tensor.replace(blockName(block), blockName(newNumbers.get(block)!));
  return [
    ...matrices.filter(isThere).map((matrix) => {
      const weight = model.linears.get(matrix.module);
      const tensor =
        weight && isAsInCheckpoint(model, matrix)
          ? denseTensor(matrix, weight)
          : expandedTensor(model, matrix);
      return { ...tensor, name: nameOf(matrix) };
    }),
    ...vectors.filter(isThere).map((vector): PlannedTensor => ({
      name: nameOf(vector),
      dtype: 'F32',
      shape: vector.shape,
      read: async () => new Uint8Array((await vectorInCheckpoint(model, vector)).buffer),
    })),
  ];
}

/** A matrix of which parts are gone, in the size that it has in the checkpoint. */
function expandedTensor(model: Model, matrix: MatrixLayout): PlannedTensor {
  const { tensor, shape, transposed } = matrix;
  const [outputs, inputs] = shape;
  return {
    name: tensor,
    dtype: 'F32',
    shape: transposed ? [inputs, outputs] : shape,
    read: async () => {
      const values = await valuesInCheckpoint(model, matrix);
      return new Uint8Array((transposed ? transpose(values, outputs, inputs) : values).buffer);
    },
  };
}

function compressedModules(model: Model): Map<string, LinearWeight> {
  return new Map([...model.linears].filter(([, weight]) => weight.format !== 'dense'));
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
      return weight.format === 'dense' && !transposed && pieces ? pieces() : readDense();
    },
  };
}

function metadataOf(model: Model, recipe: Recipe): Record<string, string> {
  const compressed = compressedModules(model);
  const structure = structureMetadata(model.config);
  if (compressed.size === 0 && Object.keys(structure).length === 0) return PLAIN_METADATA;
  const weights = Object.fromEntries(
    [...compressed].map(([module, weight]) => [
      module,
      { form: weight.format, attributes: weight.attributes() },
    ]),
  );
  return {
    [FORMAT_KEY]: FORMAT_VERSION,
    [WEIGHTS_KEY]: JSON.stringify(weights),
    ...structure,
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
    'config.json': JSON.stringify(configOf(model, format), undefined, 2),
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

function configOf({ config }: Model, format: ExportFormat): Record<string, unknown> {
  const source = { ...withoutDtype(config.source), dtype: 'float32' };
  if (format === 'lathe') return source;
  return { ...source, [architectureOf(config.source).layersKey]: config.structure.blocks.length };
}

/** Newer configs say `dtype`, older ones `torch_dtype`; the export says one of them. */
function withoutDtype(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).filter(([key]) => key !== 'torch_dtype' && key !== 'dtype'),
  );
}
