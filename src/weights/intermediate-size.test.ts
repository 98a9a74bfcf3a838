import type * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type {
  Buffers,
  Kernel,
  KernelDefinition,
  Launch,
  NoScalars,
  Scalars,
  Targets,
} from '../engines/webgpu/define-kernel';
import { closeGpu } from '../engines/webgpu/device';
import { openNodeGpu } from '../engines/webgpu/node-gpu';
import { expectProduct, normalFactor } from '../testing/factorized-weight';
import type { TensorTrainCore } from '../linalg/tensor-train';
import { KroneckerWeight } from './formats/kronecker-weight';
import type { LinearWeight } from './linear-weight';
import { QuantizedWeight } from './formats/quantized-weight';
import { TensorTrainWeight } from './formats/tensor-train-weight';

/** Largest tensor written by any kernel. */
const largest = vi.hoisted(() => ({ bytes: 0 }));

vi.mock(import('../engines/webgpu/define-kernel'), async (original) => {
  const { defineKernel } = await original();
  return {
    defineKernel: <I extends Buffers, O extends Buffers, U extends Scalars = NoScalars>(
      definition: KernelDefinition<I, O, U>,
    ): Kernel<I, O, U> => {
      const kernel = defineKernel(definition);
      return {
        ...kernel,
        run: <const Given extends Targets<O>>(launch: Launch<I, Given, U>) => {
          const outputs = kernel.run<Given>(launch);
          for (const { size } of Object.values<tf.Tensor>(outputs)) {
            largest.bytes = Math.max(largest.bytes, size * 4);
          }
          return outputs;
        },
      };
    },
  };
});

const MAX_BINDING_BYTES = 32_768;

// Devices cannot be limited to less than 128 MiB, so Dawn itself does not reject larger tensors.
beforeEach(async () => {
  await openNodeGpu({ maxBindingBytes: MAX_BINDING_BYTES });
  largest.bytes = 0;
});
afterEach(() => closeGpu());

const kronecker = () => new KroneckerWeight(normalFactor(6, 32 * 6, 1), normalFactor(32 * 8, 8, 2), 32);
const tensorTrain = (rows: number[], columns: number[], ranks: number[]) =>
  TensorTrainWeight.fromCores(
    rows.map((row, index): TensorTrainCore => {
      const shape = [ranks[index - 1] ?? 1, row, columns[index], ranks[index] ?? 1] as const;
      const count = shape.reduce((product, size) => product * size, 1);
      return { values: new Float64Array(count).fill(1 / 16), shape };
    }),
  );

async function withQuantizedFactors(weight: LinearWeight): Promise<LinearWeight> {
  const factors = await Promise.all(
    weight.factors!.map(async (factor) =>
      QuantizedWeight.fromValues(await factor.weight.dense(), factor.weight.shape, {
        bits: 8,
        strategy: 'tensor',
        symmetric: true,
      }),
    ),
  );
  const quantized = weight.withFactors!(factors);
  weight.dispose();
  return quantized;
}

test.each<[string, () => LinearWeight | Promise<LinearWeight>]>([
  ['Kronecker', kronecker],
  ['Kronecker, quantized', () => withQuantizedFactors(kronecker())],
  ['tensor train from the first', () => tensorTrain([2, 4, 4], [4, 4, 2], [8, 8])],
  ['tensor train from the last', () => tensorTrain([4, 4, 8], [2, 2, 4], [16, 16])],
  ['tensor train, quantized', () => withQuantizedFactors(tensorTrain([4, 4, 8], [2, 2, 4], [16, 16]))],
])('%s: no tensor on the way is larger than a binding', async (_, make) => {
  const weight = await make();
  // Number of tokens whose result still fits a binding.
  await expectProduct(weight, await weight.dense(), 61);
  expect(largest.bytes).toBeGreaterThan(0);
  expect(largest.bytes).toBeLessThanOrEqual(MAX_BINDING_BYTES);
  weight.dispose();
});
