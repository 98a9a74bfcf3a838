import * as tf from '@tensorflow/tfjs';
import { readTensorsBytes } from '../../engines/webgpu/transfer';
import { DenseParameters } from '../../model/gradients/differentiable-weights';
import { weightGradients } from '../../model/gradients/gradients';
import type { TrainingBatch } from '../../model/gradients/sequence-losses';
import { sequenceOf } from '../../model/gradients/training-batch';
import type { Model } from '../../model/model';
import { FisherBlocks } from './fisher-blocks';
import { RecipeError } from '../method';
import type { LongTask } from '../../linalg/long-task';

/** Memory for the sums of one group of matrices, in bytes. */
const MOST_BYTES = 1024 ** 3;

export interface FisherParameters {
  readonly blockSize: number;
  readonly damping: number;
}

/** A matrix with its Fisher blocks. */
export interface FisherMatrix {
  readonly name: string;
  readonly values: Float32Array;
  readonly fisher: FisherBlocks;
}

/**
 * The Fisher blocks of a model's matrices, one group at a time, so that the sums take at most a gibibyte: each group
 * computes every sequence's gradient again. The caller disposes.
 */
export class FisherSource {
  readonly groups: readonly (readonly string[])[];
  private held: { index: number; matrices: FisherMatrix[] } | undefined;

  private constructor(
    private readonly model: Model,
    private readonly dense: DenseParameters,
    private readonly sequences: readonly TrainingBatch[],
    names: readonly string[],
    private readonly parameters: FisherParameters,
  ) {
    this.groups = groupsWithin(model, names, parameters.blockSize);
  }

  /**
   * @param sequences each gives one gradient
   * @param names of the matrices
   * @throws RecipeError where a single matrix exceeds the memory
   */
  static async of(
    model: Model,
    sequences: readonly TrainingBatch[],
    names: readonly string[],
    parameters: FisherParameters,
  ): Promise<FisherSource> {
    const dense = await DenseParameters.of(model);
    try {
      return new FisherSource(model, dense, sequences, names, parameters);
    } catch (error) {
      dense.dispose();
      throw error;
    }
  }

  /** The matrices of a group with their blocks; those of the last requested group are cached. */
  async matrices(index: number, task: LongTask = {}): Promise<FisherMatrix[]> {
    if (this.held?.index === index) return this.held.matrices;
    this.held = undefined;
    const names = this.groups[index];
    const { blockSize, damping } = this.parameters;
    const matrices: FisherMatrix[] = [];
    for (const name of names) {
      const values = await this.model.linears.get(name)!.dense();
      matrices.push({ name, values, fisher: new FisherBlocks(values.length, blockSize, damping) });
    }
    for (const [done, sequence] of this.sequences.entries()) {
      task.signal?.throwIfAborted();
      const gradients = await this.gradients(sequence, names);
      for (const [position, { fisher, values }] of matrices.entries())
        fisher.add(new Float32Array(gradients[position]), values);
      task.onProgress?.((done + 1) / this.sequences.length);
    }
    this.held = { index, matrices };
    return matrices;
  }

  private async gradients(sequence: TrainingBatch, names: readonly string[]): Promise<ArrayBuffer[]> {
    const { gradients, losses } = weightGradients(this.dense, sequence, names);
    try {
      return await readTensorsBytes([...gradients.values()]);
    } finally {
      tf.dispose([...gradients.values(), losses]);
    }
  }

  dispose(): void {
    this.dense.dispose();
  }
}

/** At most `count` single sequences of the batches, without those that have no targets. */
export function singleSequences(batches: readonly TrainingBatch[], count: number): TrainingBatch[] {
  return batches
    .flatMap((batch) => Array.from({ length: batch.batch }, (_, index) => sequenceOf(batch, index)))
    .filter(({ targets }) => targets.some((target) => target >= 0))
    .slice(0, count);
}

function groupsWithin(model: Model, names: readonly string[], blockSize: number): string[][] {
  const groups: string[][] = [];
  let room = 0;
  for (const name of names) {
    const [outputs, inputs] = model.linears.get(name)!.shape;
    const bytes = FisherBlocks.bytes(outputs * inputs, blockSize);
    if (bytes > MOST_BYTES) {
      throw new RecipeError(
        `The Fisher blocks of ${name} take ${(bytes / 1024 ** 3).toFixed(1)} GiB, and the limit is 1; use a blockSize of at most ${Math.floor(MOST_BYTES / (4 * outputs * inputs)) - 1}.`,
      );
    }
    if (bytes > room) {
      groups.push([]);
      room = MOST_BYTES;
    }
    groups.at(-1)!.push(name);
    room -= bytes;
  }
  return groups;
}
