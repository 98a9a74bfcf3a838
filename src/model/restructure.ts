import type * as tf from '@tensorflow/tfjs';
import { readFloats, uploadTensor } from '../engines/webgpu/transfer';
import { DenseWeight } from '../weights/formats/dense-weight';
import type { LinearWeight } from '../weights/linear-weight';
import { ModelError } from './family';
import type { MatrixLayout, Model, ModelConfig, VectorLayout } from './model';
import { type BlockStructure, memberIndices, type Members, type ModelStructure } from './structure';

/**
 * Cuts a model down to a structure: removes blocks, sub-layers, heads and neurons that are not in it, which makes the matrices
 * smaller. Neurons assigned to experts are grouped by expert; those of several experts are copied.
 *
 * @param structure a part of the model's structure
 * @returns a new model, owned by the caller; `model` does not change
 * @throws ModelError if heads or neurons would have to be cut out of a compressed matrix or out of experts
 */
export async function restructure(model: Model, structure: ModelStructure): Promise<Model> {
  const cuts = new Map(structure.blocks.map((block) => [block.index, cutOf(model.config, block)]));
  const linears = new Map<string, LinearWeight>();
  const vectors = new Map<string, tf.Tensor>();
  try {
    for (const matrix of model.layout.matrices) {
      const cut = matrix.block === undefined ? undefined : cuts.get(matrix.block);
      if (!cut || !model.linears.has(matrix.module)) continue;
      const smaller = await cutMatrix(matrix, model.linears.get(matrix.module)!, cut);
      if (smaller) linears.set(matrix.module, smaller);
    }
    for (const vector of model.layout.vectors) {
      const cut = vector.block === undefined ? undefined : cuts.get(vector.block);
      const positions = cut?.(vector.members);
      if (!positions) continue;
      const values = await readFloats(model.vectors.get(vector.tensor)!);
      vectors.set(
        vector.tensor,
        uploadTensor(
          Float32Array.from(positions, (index) => values[index]),
          [positions.length],
        ),
      );
    }
    return applyStructure(model, structure, linears, vectors);
  } catch (error) {
    for (const weight of linears.values()) weight.dispose();
    for (const vector of vectors.values()) vector.dispose();
    throw error;
  }
}

/** Remaining positions along a dimension; undefined: all. */
type Cut = (members: Members | undefined) => Uint32Array | undefined;

function cutOf(config: ModelConfig, block: BlockStructure): Cut {
  const before = config.structure.blocks.find(({ index }) => index === block.index);
  if (!before)
    throw new ModelError(`This model has no block ${block.index} any more; choose among those it has.`);
  return (members) => {
    if (!members || (members.of === 'neurons' && !block.hasFeedForward)) return undefined;
    const present = memberIndices(members, before, config);
    const wanted = memberIndices(members, block, config);
    if (wanted.length === present.length && wanted.every((index, at) => index === present[at]))
      return undefined;
    if (members.of === 'neurons' && before.mixture)
      throw new ModelError(
        `The experts of block ${block.index} cannot be cut any further; change its neurons before it becomes a mixture.`,
      );
    const positions = new Map(Array.from(present, (index, position) => [index, position]));
    return wanted.map((index) => positions.get(index)!);
  };
}

async function cutMatrix(
  { module, outputs, inputs }: MatrixLayout,
  weight: LinearWeight,
  cut: Cut,
): Promise<DenseWeight | undefined> {
  const [rows, columns] = [cut(outputs), cut(inputs)];
  if (!rows && !columns) return undefined;
  if (weight.format !== 'dense') {
    throw new ModelError(
      `Heads or neurons cannot be cut out of ${module}, which an earlier step made ${weight.format}; put that step after this one.`,
    );
  }
  const [height, width] = weight.shape;
  const keptRows = rows ?? Uint32Array.from({ length: height }, (_, row) => row);
  const keptColumns = columns ?? Uint32Array.from({ length: width }, (_, column) => column);
  const values = await weight.dense();
  const smaller = new Float32Array(keptRows.length * keptColumns.length);
  keptRows.forEach((row, y) => {
    keptColumns.forEach((column, x) => {
      smaller[y * keptColumns.length + x] = values[row * width + column];
    });
  });
  return DenseWeight.fromValues(smaller, [keptRows.length, keptColumns.length]);
}

/** Applies a structure and disposes of cut weights in blocks or sub-layers that are removed as a whole. */
function applyStructure(
  model: Model,
  structure: ModelStructure,
  linears: Map<string, LinearWeight>,
  vectors: Map<string, tf.Tensor>,
): Model {
  const result = model.withStructure(structure, linears, vectors);
  for (const [name, weight] of linears) if (!result.linears.has(name)) weight.dispose();
  for (const [name, vector] of vectors) if (!result.vectors.has(name)) vector.dispose();
  return result;
}

/**
 * Values of a matrix at its size in the checkpoint, with zeros for removed parts: a model with these values gives the same
 * results. A neuron copied to several experts has the mean of the copies; models with experts give other results.
 * @param matrix of `checkpointLayout`
 */
export async function valuesInCheckpoint(model: Model, matrix: MatrixLayout): Promise<Float32Array> {
  const weight = model.linears.get(matrix.module);
  const [height, width] = matrix.shape;
  if (!weight) return new Float32Array(height * width);
  const values = await weight.dense();
  if (isAsInCheckpoint(model, matrix)) return values;
  const block = blockOf(model, matrix)!;
  const rows = positionsOf(matrix.outputs, height, block, model.config);
  const columns = positionsOf(matrix.inputs, width, block, model.config);
  const [rowCounts, columnCounts] = [countsOf(rows, height), countsOf(columns, width)];
  const expanded = new Float32Array(height * width);
  rows.forEach((row, y) => {
    columns.forEach((column, x) => {
      const copies = rowCounts[row] * columnCounts[column];
      expanded[row * width + column] += values[y * columns.length + x] / copies;
    });
  });
  return expanded;
}

/** Values of a vector at its size in the checkpoint. @param vector of `checkpointLayout` */
export async function vectorInCheckpoint(model: Model, vector: VectorLayout): Promise<Float32Array> {
  const tensor = model.vectors.get(vector.tensor);
  const length = vector.shape.reduce((product, size) => product * size, 1);
  if (!tensor) return new Float32Array(length);
  const values = await readFloats(tensor);
  const block = blockOf(model, vector);
  if (values.length === length && !isOfExperts(vector.members, block)) return values;
  const positions = positionsOf(vector.members, length, block!, model.config);
  const counts = countsOf(positions, length);
  const expanded = new Float32Array(length);
  positions.forEach((position, index) => {
    expanded[position] += values[index] / counts[position];
  });
  return expanded;
}

/** Whether one of the model's matrices has the checkpoint's size and its order of rows and columns. */
export function isAsInCheckpoint(model: Model, matrix: MatrixLayout): boolean {
  const shape = model.linears.get(matrix.module)?.shape;
  if (shape?.[0] !== matrix.shape[0] || shape[1] !== matrix.shape[1]) return false;
  const block = blockOf(model, matrix);
  return !isOfExperts(matrix.outputs, block) && !isOfExperts(matrix.inputs, block);
}

function isOfExperts(members: Members | undefined, block: BlockStructure | undefined): boolean {
  return members?.of === 'neurons' && block?.mixture !== undefined;
}

function blockOf({ config }: Model, { block }: { readonly block?: number }): BlockStructure | undefined {
  return config.structure.blocks.find(({ index }) => index === block);
}

function positionsOf(
  members: Members | undefined,
  length: number,
  block: BlockStructure,
  config: ModelConfig,
): Uint32Array {
  if (!members) return Uint32Array.from({ length }, (_, position) => position);
  return memberIndices(members, block, config);
}

/** Number of occurrences of each position below `length`. */
function countsOf(positions: Uint32Array, length: number): Uint32Array {
  const counts = new Uint32Array(length);
  for (const position of positions) counts[position]++;
  return counts;
}
