import * as tf from '@tensorflow/tfjs';
import { readFloats } from '../../engines/webgpu/transfer';
import { columnSums } from '../../engines/webgpu/kernels/products/column-sums';
import { DenseParameters } from '../../model/gradients/differentiable-weights';
import { gateGradients } from '../../model/gradients/gradients';
import type { Model } from '../../model/model';
import type { BlockStructure, Members } from '../../model/structure';
import type { CalibrationBatch, CalibrationSequences } from '../calibration/calibration';
import { withTargets } from '../calibration/calibration-targets';
import { realRows, withoutPadding } from '../calibration/gather-statistics';
import type { LongTask } from '../../linalg/long-task';

/** Importance of the heads (or neurons) of each block, by the block's number in the checkpoint. */
export type MemberImportance = Map<number, Float64Array>;

/**
 * Sensitivity of the loss to each head or neuron: the mean over the sequences of |∂L/∂ξ| at gates ξ of 1 (Michel et
 * al. 2019, equation 2; the "gain" of McCarley et al. 2019, section 3).
 */
export async function gradientImportance(
  model: Model,
  calibration: CalibrationSequences,
  of: Members['of'],
  { signal, onProgress }: LongTask = {},
): Promise<MemberImportance> {
  const batches = await withTargets(model, calibration);
  const sequences = batches.reduce((sum, { batch }) => sum + batch, 0);
  const importance: MemberImportance = new Map();
  const parameters = await DenseParameters.of(model);
  try {
    for (const [index, batch] of batches.entries()) {
      signal?.throwIfAborted();
      const { gradients, losses } = gateGradients(parameters, batch, of);
      try {
        for (const [block, gradient] of gradients) {
          const sums = tf.tidy(() => gradient.abs().sum(0));
          addTo(importance, block, await readFloats(sums), 1 / sequences);
          sums.dispose();
        }
      } finally {
        tf.dispose([...gradients.values(), losses]);
      }
      onProgress?.((index + 1) / batches.length);
    }
    return importance;
  } finally {
    parameters.dispose();
  }
}

/** Root mean square over all tokens of the output of each head or neuron, before the following linear. */
export async function activationImportance(
  model: Model,
  { batches }: CalibrationSequences,
  of: Members['of'],
  { signal, onProgress }: LongTask = {},
): Promise<MemberImportance> {
  const sums: MemberImportance = new Map();
  let tokens = 0;
  for (const [index, batch] of batches.entries()) {
    signal?.throwIfAborted();
    for (const [block, squares] of await squareSums(model, batch, of)) addTo(sums, block, squares, 1);
    tokens += realRows(batch)?.length ?? batch.batch * batch.length;
    onProgress?.((index + 1) / batches.length);
  }
  const { heads, width } = model.config;
  const size = of === 'heads' ? width / heads : 1;
  return new Map([...sums].map(([block, squares]) => [block, rootMeanSquares(squares, size, tokens)]));
}

/** Σ x² of each input of the linears that follow the heads or neurons, by block. */
async function squareSums(
  model: Model,
  batch: CalibrationBatch,
  of: Members['of'],
): Promise<Map<number, Float32Array>> {
  const fed = new Map(
    model.layout.matrices
      .filter(({ inputs, block }) => inputs?.of === of && block !== undefined)
      .map(({ module, block }) => [module, block!]),
  );
  const found = new Map<number, tf.Tensor>();
  const final = tf.tidy(() => {
    let x = model.embed(batch);
    for (let position = 0; position < model.config.structure.blocks.length; position++) {
      x = model.runBlock(position, x, batch, (module, input) => {
        if (!fed.has(module)) return;
        const squares = columnSums(withoutPadding(input, batch), 'squareSums');
        found.set(fed.get(module)!, tf.keep(squares));
      });
    }
    return x;
  });
  final.dispose();
  const sums = new Map<number, Float32Array>();
  for (const [block, tensor] of found) {
    sums.set(block, await readFloats(tensor));
    tensor.dispose();
  }
  return sums;
}

function addTo(sums: MemberImportance, block: number, values: Float32Array, factor: number): void {
  const sum = sums.get(block) ?? new Float64Array(values.length);
  values.forEach((value, index) => (sum[index] += factor * value));
  sums.set(block, sum);
}

/** @param size elements of a head or neuron */
function rootMeanSquares(squares: Float64Array, size: number, tokens: number): Float64Array {
  return Float64Array.from({ length: squares.length / size }, (_, member) => {
    const ofMember = squares.subarray(member * size, (member + 1) * size);
    return Math.sqrt(ofMember.reduce((sum, square) => sum + square, 0) / (size * tokens));
  });
}

/**
 * Divides the importances of a block by their Euclidean norm (Michel et al. 2019, section 4.1, after Molchanov et al.
 * 2017).
 */
export function normalizedByBlock(importance: MemberImportance): MemberImportance {
  return new Map(
    [...importance].map(([block, values]) => {
      const norm = Math.hypot(...values);
      return [block, norm > 0 ? values.map((value) => value / norm) : values];
    }),
  );
}

/** The checkpoint's numbers of a block's heads or neurons, ascending. */
export function presentMembers(
  { keptHeads, keptNeurons }: BlockStructure,
  of: Members['of'],
  count: number,
): readonly number[] {
  const kept = of === 'heads' ? keptHeads : keptNeurons;
  return kept ?? Array.from({ length: count }, (_, member) => member);
}
