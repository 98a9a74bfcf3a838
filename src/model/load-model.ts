import type * as tf from '@tensorflow/tfjs';
import type { Checkpoint } from '../checkpoint/checkpoint';
import { elementCount } from '../checkpoint/dtypes';
import type { TensorEntry } from '../checkpoint/named-tensor';
import { uploadTensor } from '../engines/webgpu/transfer';
import type { OperationOptions } from '../progress/progress';
import { DenseWeight } from '../weights/formats/dense-weight';
import type { LinearWeight } from '../weights/linear-weight';
import { ModelError } from './family';
import { familyOf } from './families';
import { ByteProgress } from './byte-progress';
import type { MatrixLayout, Model, ModelLayout } from './model';
import { byteLength, readAhead, type TensorPiece } from './read-ahead';
import { readStoredWeight, type StoredWeightDescription, storedWeights } from './stored-weights';
import { withStoredStructure } from './structure-metadata';
import { CausalTransformer } from './causal-transformer';
import { TransformerModel } from './transformer-model';
import { transpose } from './transpose';

/** Parts of a checkpoint that a model needs. */
export type LoadableCheckpoint = Pick<Checkpoint, 'name' | 'config' | 'tensors' | 'metadata'>;

/** Approximate size of an uploaded piece of a matrix in float32 bytes; keeps the JS heap small. */
const PIECE_BYTES = 8 * 1024 * 1024;

/**
 * Loads a checkpoint onto the GPU, tensor by tensor. Uploaded tensors are freed if loading fails or is cancelled.
 *
 * @throws ModelError if the family or an option is not supported, a tensor is missing or its shape does not match the config;
 *   CheckpointError if a tensor cannot be read or is not finite; the signal's reason when cancelled
 */
export async function loadModel(
  checkpoint: LoadableCheckpoint,
  options: OperationOptions = {},
): Promise<Model> {
  const architecture = familyOf(checkpoint.config);
  const entries = new Map(
    [...checkpoint.tensors].map(([name, entry]) => [architecture.canonicalName(name), entry]),
  );
  const whole = architecture.readConfig(checkpoint.config, new Set(entries.keys()));
  const config = withStoredStructure(whole, checkpoint.metadata);
  const layout = architecture.layout(config);
  const stored = storedWeights(checkpoint.metadata);
  requireTensors(layout, entries, stored);
  refuseFurtherLayers(entries, config.layers);
  const linears = new Map<string, LinearWeight>();
  const vectors = new Map<string, tf.Tensor>();
  const isUsed = usedTensors(layout, stored);
  const bytes = [...entries].reduce((sum, [name, entry]) => sum + (isUsed(name) ? entry.byteLength : 0), 0);
  const progress = new ByteProgress(`Reading ${checkpoint.name}`, bytes, options);
  try {
    for (const matrix of layout.matrices) {
      const description = stored.get(matrix.module);
      if (description)
        linears.set(matrix.module, await readStoredWeight(matrix, description, entries, progress));
    }
    const pieces = uncompressedPieces(layout, entries, linears, vectors);
    for await (const { piece, values } of readAhead(pieces, options.signal)) {
      piece.write(values);
      await progress.add(byteLength(piece));
    }
  } catch (error) {
    for (const weight of linears.values()) weight.dispose();
    for (const vector of vectors.values()) vector.dispose();
    throw error;
  }
  const inOrder = new Map(layout.matrices.map(({ module }) => [module, linears.get(module)!]));
  const unused = new Map([...entries].filter(([name]) => !isUsed(name)));
  const { causal } = architecture;
  return causal
    ? new CausalTransformer(architecture, causal, config, inOrder, vectors, unused)
    : new TransformerModel(architecture, config, inOrder, vectors, unused);
}

/** Piece of the file with its destination. */
interface WritablePiece extends TensorPiece {
  write(values: Float32Array): void;
}

/** Pieces of all tensors that are not compressed; allocates each tensor on the GPU when its first piece is requested. */
function* uncompressedPieces(
  { matrices, vectors: vectorLayouts }: ModelLayout,
  entries: ReadonlyMap<string, TensorEntry>,
  linears: Map<string, LinearWeight>,
  vectors: Map<string, tf.Tensor>,
): Generator<WritablePiece> {
  const scratch = reusedArray();
  for (const matrix of matrices) {
    if (linears.has(matrix.module)) continue;
    const weight = DenseWeight.allocate(matrix.shape);
    linears.set(matrix.module, weight);
    yield* matrixPieces(matrix, entries.get(matrix.tensor)!, weight, scratch);
  }
  for (const { tensor, shape } of vectorLayouts) {
    const entry = entries.get(tensor)!;
    const write = (values: Float32Array) => void vectors.set(tensor, uploadTensor(values, [...shape]));
    yield { entry, start: 0, end: elementCount(shape), write };
  }
}

/** Returns views of one array that grows as needed: fresh memory for each matrix costs more than its copy. */
function reusedArray(): (length: number) => Float32Array<ArrayBuffer> {
  let array = new Float32Array(0);
  return (length) => {
    if (array.length < length) array = new Float32Array(length);
    return array.subarray(0, length);
  };
}

function* matrixPieces(
  { shape: [outputs, inputs], transposed }: MatrixLayout,
  entry: TensorEntry,
  weight: DenseWeight,
  scratch: (length: number) => Float32Array<ArrayBuffer>,
): Generator<WritablePiece> {
  if (transposed) {
    const write = (values: Float32Array) =>
      weight.writeRows(0, transpose(values, inputs, outputs, scratch(values.length)));
    yield { entry, start: 0, end: outputs * inputs, write };
    return;
  }
  const rowsPerPiece = Math.max(1, Math.floor(PIECE_BYTES / (inputs * 4)));
  for (let row = 0; row < outputs; row += rowsPerPiece) {
    const end = Math.min(outputs, row + rowsPerPiece);
    const write = (values: Float32Array) => weight.writeRows(row, values);
    yield { entry, start: row * inputs, end: end * inputs, write };
  }
}

/** Checks every tensor before the first is read. @throws ModelError if one is missing or has another shape */
function requireTensors(
  layout: ModelLayout,
  entries: ReadonlyMap<string, TensorEntry>,
  stored: ReadonlyMap<string, StoredWeightDescription>,
): void {
  for (const matrix of layout.matrices) {
    if (!stored.has(matrix.module)) requireTensor(entries, matrix.tensor, fileShape(matrix));
  }
  for (const { tensor, shape } of layout.vectors) requireTensor(entries, tensor, shape);
}

function requireTensor(
  entries: ReadonlyMap<string, TensorEntry>,
  name: string,
  shape: readonly number[],
): void {
  const entry = entries.get(name);
  if (!entry) {
    throw new ModelError(
      `The weights lack the tensor ${name} of shape [${shape.join(', ')}]; is this the whole checkpoint?`,
    );
  }
  if (entry.shape.length !== shape.length || entry.shape.some((size, axis) => size !== shape[axis])) {
    throw new ModelError(
      `Tensor ${entry.name} has the shape [${entry.shape.join(', ')}], config.json asks for [${shape.join(', ')}]; they belong to two checkpoints, or the config was edited.`,
    );
  }
}

/** @throws ModelError if the weights have more blocks than the config says */
function refuseFurtherLayers(entries: ReadonlyMap<string, TensorEntry>, layers: number): void {
  for (const [canonical, { name }] of entries) {
    const layer = /^(?:transformer\.h|bert\.encoder\.layer)\.(\d+)\./.exec(canonical)?.[1];
    if (layer === undefined || Number(layer) < layers) continue;
    throw new ModelError(
      `Tensor ${name} is in block ${layer}, config.json has ${layers} blocks numbered from 0; they belong to two checkpoints, or the config was edited.`,
    );
  }
}

/** Predicate for the tensors that a model uses, by name; a file may hold others. */
function usedTensors(
  layout: ModelLayout,
  stored: ReadonlyMap<string, StoredWeightDescription>,
): (tensor: string) => boolean {
  const needed = new Set(layout.vectors.map(({ tensor }) => tensor));
  for (const { module, tensor } of layout.matrices) {
    if (!stored.has(module)) needed.add(tensor);
  }
  const modules = [...stored.keys()];
  return (tensor) => needed.has(tensor) || modules.some((module) => tensor.startsWith(`${module}.`));
}

function fileShape({ shape: [outputs, inputs], transposed }: MatrixLayout): number[] {
  return transposed ? [inputs, outputs] : [outputs, inputs];
}
