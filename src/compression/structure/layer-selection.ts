import { z } from 'zod';
import type { Model } from '../../model/model';
import { restructure } from '../../model/restructure';
import { parameter } from '../../parameters/parameter';
import { RecipeError } from '../method';

/** Selection of the blocks that remain: parameters of the methods that remove blocks. */
export const LAYER_PARAMETERS = {
  keep: parameter(
    z.enum(['first', 'last', 'every-other', 'both-ends', 'list'], {
      error: 'keep is "first", "last", "every-other", "both-ends" or "list"',
    }),
    {
      label: 'Keep',
      labels: {
        first: 'the first blocks',
        last: 'the last blocks',
        'every-other': 'every other block',
        'both-ends': 'both ends',
        list: 'a list of blocks',
      },
      initial: 'every-other',
      help: 'Every other keeps the first, third, … as in DistilGPT-2; both ends takes half from each end.',
    },
  ),
  layers: parameter(z.number().int().positive().optional(), {
    label: 'Blocks kept',
    max: 96,
    help: 'Number of blocks that remain; for first, last and both ends. Every other keeps half by default.',
  }),
  list: parameter(z.array(z.number().int().nonnegative()).min(1).optional(), {
    label: 'Blocks',
    placeholder: '[0, 2, 5]',
    help: 'Numbers in the checkpoint, counted from 0; only for a list. Targets are ignored.',
  }),
};

export type LayerParameters = z.infer<z.ZodObject<typeof LAYER_PARAMETERS>>;

/**
 * Returns the model with some of its blocks, without the tensors of the others.
 * @returns a new model, owned by the caller
 * @throws RecipeError as `remainingBlocks`
 */
export function keepBlocks(model: Model, parameters: LayerParameters): Promise<Model> {
  const { structure } = model.config;
  const present = structure.blocks.map(({ index }) => index);
  const kept = new Set(remainingBlocks(present, parameters));
  return restructure(model, {
    ...structure,
    blocks: structure.blocks.filter(({ index }) => kept.has(index)),
  });
}

/**
 * Numbers of the remaining blocks.
 * @param present numbers of the model's blocks, ascending
 * @throws RecipeError where the model has fewer blocks, or the parameters contradict each other
 */
export function remainingBlocks(
  present: readonly number[],
  { keep, layers, list }: LayerParameters,
): number[] {
  if ((keep === 'list') !== (list !== undefined)) {
    throw new RecipeError('"list" goes with keep "list", and keep "list" with it; give both or neither.');
  }
  if (list) return listed(present, list);
  const count = layers ?? (keep === 'every-other' ? Math.ceil(present.length / 2) : undefined);
  if (count === undefined)
    throw new RecipeError(`keep "${keep}" needs "layers", the number of blocks that remain.`);
  if (count > present.length) {
    throw new RecipeError(
      `A model of ${present.length} blocks cannot keep ${count}; use at most ${present.length}.`,
    );
  }
  if (keep === 'first') return present.slice(0, count);
  if (keep === 'last') return present.slice(present.length - count);
  if (keep === 'both-ends') {
    const atTheStart = Math.ceil(count / 2);
    return [...present.slice(0, atTheStart), ...present.slice(present.length - (count - atTheStart))];
  }
  const spacing = present.length / count;
  return Array.from({ length: count }, (_, index) => present[Math.floor(index * spacing)]);
}

function listed(present: readonly number[], list: readonly number[]): number[] {
  const absent = list.find((index) => !present.includes(index));
  if (absent !== undefined) {
    throw new RecipeError(`There is no block ${absent}; this model has the blocks ${present.join(', ')}.`);
  }
  return present.filter((index) => list.includes(index));
}
