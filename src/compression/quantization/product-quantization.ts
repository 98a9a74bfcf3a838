import { z } from 'zod';
import { drawDifferent, seededUniform } from '../../linalg/seeded-random';
import { BlockMetrics } from '../../weights/block-metrics';
import { DenseWeight } from '../../weights/formats/dense-weight';
import { learnCodebook } from '../../weights/learn-codebook';
import { GREATEST_CODEBOOK, ProductQuantizedWeight } from '../../weights/formats/product-quantized-weight';
import type { LinearStatistics } from '../calibration/calibration';
import { type CalibratedMethod, RecipeError } from '../method';
import { parameter, seedParameter } from '../../parameters/parameter';

const GREATEST_BLOCK = 64;
/**
 * Minimum number of blocks per entry; below it the codebook shrinks (Stock et al. 2019: min(k, out · blocks / 4)
 * entries, for stability).
 */
const BLOCKS_AN_ENTRY = 4;

const schema = z.strictObject({
  blockSize: parameter(z.number().int().min(1).max(GREATEST_BLOCK).default(8), {
    label: 'Block size',
    unit: 'inputs',
    help: 'Neighbouring weights of a row that share an index; must divide the width. Multiples of 4 are fast.',
  }),
  centroids: parameter(z.number().int().min(2).max(GREATEST_CODEBOOK).default(256), {
    label: 'Centroids',
    help: 'Entries of the codebook, at most a quarter of the blocks. An index takes 4 bits up to 16, 8 up to 256, else 16.',
  }),
  iterations: parameter(z.number().int().min(1).max(1000).default(15), {
    label: 'Iterations',
    help: 'Rounds of k-means.',
  }),
  weighting: parameter(z.enum(['blocks', 'shared', 'none']).default('blocks'), {
    label: 'Weighting',
    labels: {
      blocks: 'activations of each block of inputs',
      shared: 'activations of all blocks alike, as in the paper',
      none: 'none: plain k-means',
    },
    help: 'Inputs that weight the error.',
  }),
  seed: seedParameter('Fixes which blocks the centroids begin as.', { max: 2 ** 32 - 1 }),
});

type Parameters = z.infer<typeof schema>;

/** Product quantization with codebooks fitted to the activations. */
export const productQuantization: CalibratedMethod<Parameters> = {
  id: 'product-quantization',
  title: 'Product quantization',
  paper:
    'Stock et al. 2019, "And the Bit Goes Down: Revisiting the Quantization of Neural Networks", the quantization of a fully-connected layer; Fan et al. 2020, "Training with Quantization Noise" (iPQ)',
  summary:
    'Stores groups of neighbouring weights as indices into a codebook, which k-means fits to the activations: about one bit a weight.',
  appliesTo: 'matrix',
  schema,

  statistics: ({ weighting }) => (weighting === 'none' ? [] : ['hessian']),

  async compressCalibrated({ name, shape, values }, statistics, parameters, context) {
    const { blockSize, centroids, iterations, seed } = parameters;
    const [outputs, inputs] = shape;
    if (inputs % blockSize !== 0) {
      const divisors = range(Math.min(inputs, GREATEST_BLOCK)).filter((size) => inputs % size === 0);
      throw new RecipeError(
        `Blocks of ${blockSize} do not divide the width of ${name}; ${name} is ${inputs} wide, which ${divisors.join(', ')} divide.`,
      );
    }
    const count = (outputs * inputs) / blockSize;
    const entries = Math.max(1, Math.min(centroids, Math.floor(count / BLOCKS_AN_ENTRY)));
    const random = seededUniform(seed);
    const { codebook, indices } = await learnCodebook(
      { values, shape, size: blockSize },
      metricsOf(statistics, parameters),
      { ...context, random, iterations, initial: drawDifferent(entries, count, random) },
    );
    const dense = DenseWeight.fromValues(codebook, [entries, blockSize]);
    return ProductQuantizedWeight.fromIndices(indices, shape, dense);
  },
};

function metricsOf(statistics: LinearStatistics, { weighting, blockSize }: Parameters): BlockMetrics {
  if (weighting === 'none') return BlockMetrics.euclidean(blockSize);
  const gram = statistics.get('hessian');
  return weighting === 'shared'
    ? BlockMetrics.shared(blockSize, gram)
    : BlockMetrics.ofBlocks(blockSize, gram);
}

function range(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}
