import type * as tf from '@tensorflow/tfjs';
import type { TensorEntry } from '../checkpoint/safetensors-reader';
import { uploadTensor } from '../gpu/transfer';
import { DenseWeight } from '../weights/dense-weight';
import type { LinearWeight } from '../weights/linear-weight';
import { ModelError } from './architecture';
import { architectureOf } from './architectures';
import { ByteProgress, type LoadOptions } from './byte-progress';
import type { MatrixLayout, Model, ModelLayout } from './model';
import { readStoredWeight, type StoredWeightDescription, storedWeights } from './stored-weights';
import { TransformerModel } from './transformer-model';

/** A checkpoint as far as a model needs it. */
export interface LoadableCheckpoint {
  readonly config: Record<string, unknown>;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A matrix goes up in pieces of about so many float32 bytes, so that little of it is ever in the JS heap. */
const PIECE_BYTES = 16 * 1024 * 1024;

/**
 * Loads a checkpoint onto the GPU, tensor by tensor. Whatever was uploaded is freed again when it fails or is cancelled.
 *
 * @throws ModelError where the family or an option is not supported, a tensor is missing or its shape does not fit the
 *   config; CheckpointError where a tensor cannot be read or is not finite; the signal's reason when cancelled
 */
export async function loadModel(checkpoint: LoadableCheckpoint, options: LoadOptions = {}): Promise<Model> {
  const architecture = architectureOf(checkpoint.config);
  const entries = new Map(
    [...checkpoint.tensors].map(([name, entry]) => [architecture.canonicalName(name), entry]),
  );
  const config = architecture.readConfig(checkpoint.config, new Set(entries.keys()));
  const layout = architecture.layout(config);
  const stored = storedWeights(checkpoint.metadata);
  requireTensors(layout, entries, stored);
  refuseFurtherLayers(entries, config.layers);
  const linears = new Map<string, LinearWeight>();
  const vectors = new Map<string, tf.Tensor>();
  const progress = new ByteProgress(bytesToRead(layout, entries, stored), options);
  try {
    for (const matrix of layout.matrices) {
      const description = stored.get(matrix.module);
      const weight = description
        ? await readStoredWeight(matrix, description, entries, progress)
        : await readMatrix(matrix, entries.get(matrix.tensor)!, progress);
      linears.set(matrix.module, weight);
    }
    for (const { tensor, shape } of layout.vectors) {
      const values = await progress.read(entries.get(tensor)!);
      vectors.set(tensor, uploadTensor(values, [...shape]));
    }
  } catch (error) {
    for (const weight of linears.values()) weight.dispose();
    for (const vector of vectors.values()) vector.dispose();
    throw error;
  }
  return new TransformerModel(architecture, config, layout, linears, vectors);
}

async function readMatrix(
  matrix: MatrixLayout,
  entry: TensorEntry,
  progress: ByteProgress,
): Promise<LinearWeight> {
  const [outputs, inputs] = matrix.shape;
  if (matrix.transposed) {
    return DenseWeight.fromValues(transpose(await progress.read(entry), inputs, outputs), matrix.shape);
  }
  const weight = DenseWeight.allocate(matrix.shape);
  const rowsPerPiece = Math.max(1, Math.floor(PIECE_BYTES / (inputs * 4)));
  try {
    for (let row = 0; row < outputs; row += rowsPerPiece) {
      const end = Math.min(outputs, row + rowsPerPiece);
      weight.writeRows(row, await progress.read(entry, row * inputs, end * inputs));
    }
  } catch (error) {
    weight.dispose();
    throw error;
  }
  return weight;
}

/** Checks every tensor before the first is read. @throws ModelError where one is missing or has another shape */
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
      `Tensor ${entry.name} has the shape [${entry.shape.join(', ')}], config.json asks for [${shape.join(', ')}]; they are of two checkpoints, or the config was edited.`,
    );
  }
}

/** @throws ModelError where the weights have blocks that the config does not count */
function refuseFurtherLayers(entries: ReadonlyMap<string, TensorEntry>, layers: number): void {
  for (const [canonical, { name }] of entries) {
    const layer = /^(?:transformer\.h|bert\.encoder\.layer)\.(\d+)\./.exec(canonical)?.[1];
    if (layer === undefined || Number(layer) < layers) continue;
    throw new ModelError(
      `Tensor ${name} is of block ${layer}, config.json counts ${layers} blocks from 0 on; they are of two checkpoints, or the config was edited.`,
    );
  }
}

/** Bytes of the tensors that the model is made of; a file may hold others. */
function bytesToRead(
  layout: ModelLayout,
  entries: ReadonlyMap<string, TensorEntry>,
  stored: ReadonlyMap<string, StoredWeightDescription>,
): number {
  const needed = new Set(layout.vectors.map(({ tensor }) => tensor));
  for (const { module, tensor } of layout.matrices) {
    if (!stored.has(module)) needed.add(tensor);
  }
  const modules = [...stored.keys()];
  const isStored = (name: string) => modules.some((module) => name.startsWith(`${module}.`));
  return [...entries]
    .filter(([name]) => needed.has(name) || isStored(name))
    .reduce((sum, [, { byteLength }]) => sum + byteLength, 0);
}

function fileShape({ shape: [outputs, inputs], transposed }: MatrixLayout): number[] {
  return transposed ? [inputs, outputs] : [outputs, inputs];
}

/** Row-major [rows, columns] → [columns, rows]. */
export function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const transposed = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      transposed[column * rows + row] = values[row * columns + column];
  }
  return transposed;
}
