import { z } from 'zod';
import { partOf } from '../../linalg/long-task';
import { matrixFrom } from '../../linalg/matrix';
import { nearestKroneckerProduct } from '../../linalg/nearest-kronecker-product';
import { KroneckerWeight } from '../../weights/formats/kronecker-weight';
import type { LinearWeight } from '../../weights/linear-weight';
import { knGpt2Factors } from './kn-gpt2-shapes';
import { type ModelMethod, RecipeError } from '../method';
import { parameter } from '../../parameters/parameter';

const schema = z.strictObject({
  factor: parameter(z.number().int().min(2).default(2), {
    label: 'Factor',
    max: 64,
    help: 'Divisor of the parameters of each factorized matrix. The paper uses 2.',
  }),
  blocks: parameter(z.enum(['odd', 'even', 'all']).default('odd'), {
    label: 'Blocks',
    labels: { odd: 'odd (1, 3, 5, …)', even: 'even (0, 2, 4, …)' },
    help: 'Numbers of the blocks whose linears are factorized, counted from 0. The paper uses the odd ones.',
  }),
  embedding: parameter(z.boolean().default(true), {
    label: 'Token embedding',
    labels: { true: 'factorized', false: 'left alone' },
    help: 'Factorized in the paper, and with it the output matrix where the two are tied.',
  }),
});

type Parameters = z.infer<typeof schema>;

/** The recipe of KnGPT2: one Kronecker product for the embedding and for each linear of every other block. */
export const knGpt2: ModelMethod<Parameters> = {
  id: 'kn-gpt2',
  title: 'KnGPT2',
  paper: 'Edalati et al. 2021, "Kronecker Decomposition for GPT Compression", sections 3.2 and 4',
  summary:
    'Halves the token embedding and every other block by a Kronecker product with a 1×2 factor, as KnGPT2 does before training: GPT-2 small has 83 of 124 million parameters left, and loses much quality without that training.',
  appliesTo: 'model',
  schema,

  async compressModel(model, targets, parameters, context) {
    const factors = knGpt2Factors(model.layout, model.config, parameters, new Set(targets));
    if (factors.length === 0) {
      throw new RecipeError(
        `kn-gpt2 with "blocks": "${parameters.blocks}" has no target in such a block; use the target "Linear", or "blocks": "all".`,
      );
    }
    const replacements = new Map<string, LinearWeight>();
    try {
      for (const [index, { module, aShape }] of factors.entries()) {
        context.signal?.throwIfAborted();
        const weight = model.linears.get(module)!;
        const matrix = matrixFrom(await weight.dense(), ...weight.shape);
        const task = partOf(context, index / factors.length, (index + 1) / factors.length);
        const sum = await nearestKroneckerProduct(matrix, aShape, 1, task);
        replacements.set(module, KroneckerWeight.fromSum(sum, weight.shape, aShape, 1));
      }
      return model.withLinears(replacements);
    } catch (error) {
      for (const weight of replacements.values()) weight.dispose();
      throw error;
    }
  },
};
