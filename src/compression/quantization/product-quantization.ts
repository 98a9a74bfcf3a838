import { z } from 'zod';
import { drawDifferent, seededUniform } from '../../linalg/seeded-random';
import { BlockMetrics } from '../../weights/block-metrics';
import { DenseWeight } from '../../weights/formats/dense-weight';
import { learnCodebook } from '../../weights/learn-codebook';
import { GREATEST_CODEBOOK, ProductQuantizedWeight } from '../../weights/formats/product-quantized-weight';
import type { LinearStatistics } from '../calibration/calibration';
import { type CalibratedMethod, RecipeError } from '../method';

const GREATEST_BLOCK = 64;
/** Fewer blocks an entry than this, and the codebook shrinks (Stock et al. 2019: min(k, out · blocks / 4) entries, for stability). */
const BLOCKS_AN_ENTRY = 4;

const schema = z.strictObject({
  blockSize: z.number().int().min(1).max(GREATEST_BLOCK).default(8),
  centroids: z.number().int().min(2).max(GREATEST_CODEBOOK).default(256),
  iterations: z.number().int().min(1).max(1000).default(15),
  weighting: z.enum(['shared', 'blocks', 'none']).default('blocks'),
  seed: z.number().int().nonnegative().default(0),
});

type Parameters = z.infer<typeof schema>;

/** Product quantization with codebooks fitted to the activations. */
export const productQuantization: CalibratedMethod<Parameters> = {
  id: 'product-quantization',
  title: 'Product quantization',
  paper:
    'Stock et al. 2019, "And the Bit Goes Down: Revisiting the Quantization of Neural Networks", the quantization of a fully-connected layer; Fan et al. 2020, "Training with Quantization Noise" (iPQ)',
  summary:
    'Stores every few neighbouring weights as the index of a codebook entry, the codebook fitted by k-means to what the activations make of it: about a bit a weight.',
  appliesTo: 'matrix',
  fields: {
    blockSize: {
      kind: 'number',
      label: 'Block size',
      min: 1,
      max: GREATEST_BLOCK,
      step: 1,
      default: 8,
      unit: 'inputs',
      help: 'Neighbouring weights of a row that share an index; must divide the width. Multiples of 4 are fast.',
    },
    centroids: {
      kind: 'number',
      label: 'Centroids',
      min: 2,
      max: GREATEST_CODEBOOK,
      step: 1,
      default: 256,
      help: 'Entries of the codebook, at most a quarter of the blocks. An index takes 4 bits up to 16, 8 up to 256, else 16.',
    },
    iterations: {
      kind: 'number',
      label: 'Iterations',
      min: 1,
      max: 1000,
      step: 1,
      default: 15,
      help: 'Rounds of k-means.',
    },
    weighting: {
      kind: 'choice',
      label: 'Weighting',
      options: [
        { value: 'blocks', label: 'activations of each block of inputs' },
        { value: 'shared', label: 'activations of all blocks alike, as in the paper' },
        { value: 'none', label: 'none: plain k-means' },
      ],
      default: 'blocks',
      help: 'By which inputs the error of a weight counts.',
    },
    seed: {
      kind: 'number',
      label: 'Seed',
      min: 0,
      max: 4294967295,
      step: 1,
      default: 0,
      help: 'Fixes which blocks the centroids begin as.',
    },
  },
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
