import type * as tf from '@tensorflow/tfjs';
import type { TensorEntry } from '../checkpoint/safetensors-reader';
import { uploadTensor } from '../gpu/transfer';
import { DenseWeight } from '../weights/dense-weight';
import type { LinearWeight } from '../weights/linear-weight';
import { ModelError } from './architecture';
import { architectureOf } from './architectures';
import { ByteProgress, type LoadOptions } from './byte-progress';
import type { MatrixLayout, Model } from './model';
import { readStoredWeight, storedWeights } from './stored-weights';
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
  const linears = new Map<string, LinearWeight>();
  const vectors = new Map<string, tf.Tensor>();
  const progress = new ByteProgress(entries, options);
  try {
    for (const matrix of layout.matrices) {
      const description = stored.get(matrix.module);
      const weight = description
        ? await readStoredWeight(matrix, description, entries, progress)
        : await readMatrix(matrix, requireTensor(entries, matrix.tensor, fileShape(matrix)), progress);
      linears.set(matrix.module, weight);
    }
    for (const { tensor, shape } of layout.vectors) {
      const values = await progress.read(requireTensor(entries, tensor, shape));
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

/** @throws ModelError where the tensor is missing or has another shape */
function requireTensor(
  entries: ReadonlyMap<string, TensorEntry>,
  name: string,
  shape: readonly number[],
): TensorEntry {
  const entry = entries.get(name);
  if (!entry) {
    throw new ModelError(
      `The weights lack the tensor ${name} of shape [${shape.join(', ')}]; is this the whole checkpoint?`,
    );
  }
  if (entry.shape.length !== shape.length || entry.shape.some((size, axis) => size !== shape[axis])) {
    throw new ModelError(
      `Tensor ${name} has the shape [${entry.shape.join(', ')}], config.json asks for [${shape.join(', ')}]; they are of two checkpoints, or the config was edited.`,
    );
  }
  return entry;
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
