import { loadModel } from '../model/load-model';
import type { Model, TokenBatch } from '../model/model';
import { restructure } from '../model/restructure';
import type { Mixture } from '../model/structure';
import fixture from './fixtures/mixture-of-experts.json';
import { openFolder } from './folder-checkpoint';

const { split, ...families } = fixture;

/** PyTorch's results for the tiny checkpoints with experts; two blocks each. */
export const MIXTURES = families;
/** Assignment of neurons and tokens to experts in the PyTorch reference. */
export const REFERENCE_SPLIT = split;
export type MixtureFamily = keyof typeof MIXTURES;
export const MIXTURE_FAMILIES = Object.keys(MIXTURES) as MixtureFamily[];

/** Names of the up and down projections of a block. */
export const FEED_FORWARD: Record<MixtureFamily, (block: number) => { up: string; down: string }> = {
  gpt2: (block) => ({
    up: `transformer.h.${block}.mlp.c_fc`,
    down: `transformer.h.${block}.mlp.c_proj`,
  }),
  bert: (block) => ({
    up: `bert.encoder.layer.${block}.intermediate.dense`,
    down: `bert.encoder.layer.${block}.output.dense`,
  }),
};

/** Sequences of the fixture in one batch. */
export function mixtureBatch(family: MixtureFamily): TokenBatch {
  const { ids } = MIXTURES[family];
  return { ids: Int32Array.from(ids.flat()), batch: ids.length, length: ids[0].length };
}

/** Model whose blocks have these mixtures, by default the fixture's. The caller disposes of it. */
export async function withMixtures(
  base: Model,
  mixtures: readonly Mixture[] = mixturesOf(base),
): Promise<Model> {
  const { structure } = base.config;
  const blocks = structure.blocks.map((block, position) => ({ ...block, mixture: mixtures[position] }));
  return restructure(base, { ...structure, blocks });
}

/** Runs a check with a tiny checkpoint and the same with the fixture's experts. */
export async function withTinyMixture(
  family: MixtureFamily,
  check: (model: Model, base: Model) => Promise<void>,
): Promise<void> {
  const base = await loadModel(await openFolder(`src/testing/fixtures/tiny-${family}`));
  const model = await withMixtures(base);
  try {
    await check(model, base);
  } finally {
    model.dispose();
    base.dispose();
  }
}

function mixturesOf({ config }: Model): readonly Mixture[] {
  return MIXTURES[config.modelType as MixtureFamily].mixtures;
}
