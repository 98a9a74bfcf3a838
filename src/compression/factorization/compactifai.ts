import { z } from 'zod';
import { partOf } from '../../linalg/long-task';
import { matrixFrom } from '../../linalg/matrix';
import { tensorTrainSvd } from '../../linalg/tensor-train';
import type { Model } from '../../model/model';
import type { LinearWeight } from '../../weights/linear-weight';
import { QuantizedWeight } from '../../weights/formats/quantized-weight';
import { TensorTrainWeight } from '../../weights/formats/tensor-train-weight';
import { type CompressionContext, type ModelMethod, RecipeError } from '../method';
import { greatestRank } from './tensor-train-ranks';
import { balancedFactors } from './tensor-train';
import { parameter } from '../../parameters/parameter';

const schema = z.strictObject({
  bondDimension: parameter(z.number().int().positive().default(32), {
    label: 'Bond dimension χ',
    max: 1024,
    help: 'Greatest rank between two cores, the same for every matrix.',
  }),
  cores: parameter(z.number().int().min(2).max(6).default(3), {
    label: 'Cores',
    help: 'Number of cores of each matrix; its rows and columns are split into as many factors.',
  }),
  layers: parameter(z.number().positive().optional(), {
    label: 'Deepest blocks',
    max: 96,
    step: 0.05,
    initial: 0.5,
    help: 'Below 1 a share of the blocks, from 1 on a number, counted from the last; if empty, every target.',
  }),
  bits: parameter(z.literal(['none', 8, 4], { error: 'bits must be "none", 8 or 4' }).default('none'), {
    label: 'Bits of the cores',
    labels: { none: 'float32' },
    help: 'Each row of a core is rounded to nearest with its own scale.',
  }),
});

type Parameters = z.infer<typeof schema>;

/** Matrix product operators of one bond dimension in the deepest blocks, with optionally quantized cores. */
export const compactifai: ModelMethod<Parameters> = {
  id: 'compactifai',
  title: 'CompactifAI',
  paper:
    'Tomut et al. 2024, "CompactifAI: Extreme Compression of Large Language Models using Quantum-Inspired Tensor Networks", without the training that heals',
  summary:
    'Replaces the matrices of the deepest blocks by chains of cores with one bond dimension, and optionally rounds the cores to few bits.',
  appliesTo: 'model',
  schema,

  async compressModel(model, targets, parameters, context) {
    const chosen = deepestTargets(model, targets, parameters.layers);
    const replaced = new Map<string, LinearWeight>();
    try {
      for (const [index, name] of chosen.entries()) {
        context.signal?.throwIfAborted();
        const part = partOf(context, index / chosen.length, (index + 1) / chosen.length);
        replaced.set(name, await asProductOperator(name, model.linears.get(name)!, parameters, part));
      }
      return model.withLinears(replaced);
    } catch (error) {
      for (const weight of replaced.values()) weight.dispose();
      throw error;
    }
  },
};

/** @param layers see the parameter; blocks are the model's remaining ones */
function deepestTargets(model: Model, targets: readonly string[], layers: number | undefined): string[] {
  if (layers === undefined) return [...targets];
  const { blocks } = model.config.structure;
  const count = layers < 1 ? Math.max(1, Math.round(layers * blocks.length)) : layers;
  if (!Number.isInteger(count) || count > blocks.length) {
    throw new RecipeError(
      `"layers": ${layers} does not fit a model of ${blocks.length} blocks; use a share below 1 or a whole number up to ${blocks.length}.`,
    );
  }
  const deepest = new Set(blocks.slice(-count).map(({ index }) => index));
  const blockOf = new Map(model.layout.matrices.map(({ module, block }) => [module, block]));
  const chosen = targets.filter((name) => deepest.has(blockOf.get(name) ?? -1));
  if (chosen.length > 0) return chosen;
  throw new RecipeError(
    `No target is in the ${count} deepest blocks (${[...deepest].join(', ')}); raise "layers", leave it out, or use the target "Linear".`,
  );
}

async function asProductOperator(
  name: string,
  weight: LinearWeight,
  { bondDimension, cores, bits }: Parameters,
  task: Pick<CompressionContext, 'signal' | 'onProgress'>,
): Promise<LinearWeight> {
  const [rows, columns] = weight.shape.map((dimension) => balancedFactors(dimension, cores));
  const greatest = greatestRank(rows.map((row, index) => row * columns[index]));
  if (bondDimension > greatest) {
    throw new RecipeError(
      `${name} split into ${rows.join('·')} rows and ${columns.join('·')} columns has no bond dimension of ${bondDimension}; the greatest is ${greatest} (then it is exact).`,
    );
  }
  const matrix = matrixFrom(await weight.dense(), ...weight.shape);
  const train = await tensorTrainSvd(matrix, rows, columns, { maxRank: bondDimension }, task);
  const operator = TensorTrainWeight.fromCores(train.cores);
  if (bits === 'none') return operator;
  try {
    const quantized: LinearWeight[] = [];
    for (const { weight: core } of operator.factors) {
      const scheme = { bits, strategy: 'channel', symmetric: true } as const;
      quantized.push(QuantizedWeight.fromValues(await core.dense(), core.shape, scheme));
    }
    return operator.withFactors(quantized);
  } finally {
    operator.dispose();
  }
}
