import { z } from 'zod';
import type { Model } from '../../model/model';
import { restructure } from '../../model/restructure';
import { parameter } from '../../parameters/parameter';
import { RecipeError } from '../method';

/** Which blocks of a model stay: parameters of the methods that take blocks out. */
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
      help: 'Every other keeps the first, third, … as DistilGPT-2 was begun; both ends takes half from either.',
    },
  ),
  layers: parameter(z.number().int().positive().optional(), {
    label: 'Blocks kept',
    max: 96,
    help: 'How many stay; for first, last and both ends. Every other keeps half unless it is given.',
  }),
  list: parameter(z.array(z.number().int().nonnegative()).min(1).optional(), {
    label: 'Blocks',
    placeholder: '[0, 2, 5]',
    help: 'Their numbers in the checkpoint, counted from 0; only for a list. Targets have no part in it.',
  }),
};

export type LayerParameters = z.infer<z.ZodObject<typeof LAYER_PARAMETERS>>;

/**
 * The model with some of its blocks, the others gone with all of their tensors.
 * @returns a new model, owned by the caller
 * @throws RecipeError as `keptBlocks`
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
 * Which blocks stay.
 * @param present numbers of the blocks that are there, ascending
 * @throws RecipeError where more are asked for than there are, or the parameters do not go together
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
  if (count === undefined) throw new RecipeError(`keep "${keep}" needs "layers", how many blocks stay.`);
  if (count > present.length) {
    throw new RecipeError(`${count} blocks cannot stay of ${present.length}; use at most ${present.length}.`);
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
