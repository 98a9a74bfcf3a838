import { z } from 'zod';
import { MOST_BLOCKWISE_KEYS } from '../../engines/webgpu/kernels/attention/blockwise-attention';
import type { LinearWeight } from '../../weights/linear-weight';
import type { QuantizationGrid } from '../../weights/quantization';
import { QuantizedWeight } from '../../weights/formats/quantized-weight';
import { type ModelMethod, RecipeError } from '../method';
import { parameter } from '../../parameters/parameter';

const GREATEST_CODE = 127;

const schema = z.strictObject({
  blockSize: parameter(z.number().int().min(1).max(4096).default(64), {
    label: 'Block size',
    unit: 'values',
    help: 'Neighbours in a row that share a scale; must divide the width of every matrix. Targets are ignored.',
  }),
});

type Parameters = z.infer<typeof schema>;

/** Weights, embeddings and all intermediate results are 8-bit codes with one power of two for each block. */
export const blockwiseInt8: ModelMethod<Parameters> = {
  id: 'blockwise-int8',
  title: 'Blockwise int8',
  paper: 'Dong et al. 2023, "Blockwise Compression of Transformer-based Models without Retraining" (BCT)',
  summary:
    'Rounds the matrices, the embedding and every intermediate result (products, GELU, softmax, layer norm) to 8 bits, each block of values with its own power of two.',
  appliesTo: 'model',
  schema,

  async compressModel(model, _targets, { blockSize }, { signal, onProgress }) {
    if (model.config.contextLength > MOST_BLOCKWISE_KEYS) {
      throw new RecipeError(
        `blockwise-int8 takes models of ${MOST_BLOCKWISE_KEYS} positions at most; this one has ${model.config.contextLength}.`,
      );
    }
    const weights = new Map<string, LinearWeight>();
    try {
      for (const [name, weight] of model.linears) {
        signal?.throwIfAborted();
        onProgress?.(weights.size / model.linears.size);
        requireDividing(name, weight.shape, blockSize);
        const values = await weight.dense();
        weights.set(
          name,
          QuantizedWeight.fromGrid(values, weight.shape, powerOfTwoGrid(values, weight.shape, blockSize)),
        );
      }
      return model.withStructure({ ...model.config.structure, blockwiseInt8: blockSize }, weights, new Map());
    } catch (error) {
      for (const weight of weights.values()) weight.dispose();
      throw error;
    }
  },
};

function requireDividing(name: string, [, width]: readonly [number, number], blockSize: number): void {
  if (width % blockSize === 0) return;
  throw new RecipeError(
    `Blocks of ${blockSize} do not divide the width of ${name}, which is ${width}; use a size that divides the width of every matrix.`,
  );
}

/**
 * The least power of two for each block of a row with which all codes lie within ±127.
 * @param values row-major of this shape
 */
export function powerOfTwoGrid(
  values: Float32Array,
  [rows, width]: readonly [number, number],
  blockSize: number,
): QuantizationGrid {
  const count = (rows * width) / blockSize;
  const scales = new Float32Array(count);
  for (let block = 0; block < count; block++) {
    let greatest = 0;
    for (let index = block * blockSize; index < (block + 1) * blockSize; index++)
      greatest = Math.max(greatest, Math.abs(values[index]));
    scales[block] = powerOfTwoScale(greatest);
  }
  return {
    bits: 8,
    symmetric: true,
    perTensor: false,
    groupSize: blockSize,
    scales,
    zeroPoints: new Uint8Array(count),
  };
}

function powerOfTwoScale(greatest: number): number {
  if (greatest === 0) return 1;
  let shift = Math.floor(Math.log2(greatest / GREATEST_CODE)) - 1;
  while (greatest > GREATEST_CODE * 2 ** shift) shift++;
  return 2 ** shift;
}
