import { z } from 'zod';
import { ModelError } from './architecture';
import type { ModelConfig } from './model';
import { type BlockStructure, isWhole, type ModelStructure } from './structure';

/** Metadata key of what a compressed checkpoint still has of its base; absent: all of it. */
export const STRUCTURE_KEY = 'lathe.structure';

const members = z.array(z.number().int().nonnegative()).min(1).optional();

const structureSchema = z.strictObject({
  blocks: z
    .array(
      z.strictObject({
        index: z.number().int().nonnegative(),
        hasAttention: z.boolean(),
        hasFeedForward: z.boolean(),
        keptHeads: members,
        keptNeurons: members,
      }),
    )
    .min(1),
  keptActivations: z.number().positive().max(1).optional(),
  blockwiseInt8: z.number().int().positive().optional(),
});

/** The metadata entries of a model's structure; none where the model is whole. */
export function structureMetadata({ structure, layers }: ModelConfig): Record<string, string> {
  return isWhole(structure, layers) ? {} : { [STRUCTURE_KEY]: JSON.stringify(structure) };
}

/**
 * The configuration with the structure that a file's metadata declares.
 * @throws ModelError where the declaration is damaged or does not fit the configuration
 */
export function withStoredStructure(
  config: ModelConfig,
  metadata: Readonly<Record<string, string>>,
): ModelConfig {
  const text = metadata[STRUCTURE_KEY];
  if (text === undefined) return config;
  return { ...config, structure: parseStructure(text, config) };
}

function parseStructure(text: string, config: ModelConfig): ModelStructure {
  let structure: ModelStructure;
  try {
    structure = structureSchema.parse(JSON.parse(text));
  } catch {
    throw damaged('it cannot be read');
  }
  for (const block of structure.blocks) requireFitting(block, config);
  return structure;
}

function requireFitting(block: BlockStructure, { layers, heads, feedForwardWidth }: ModelConfig): void {
  const { index, keptHeads = [], keptNeurons = [] } = block;
  if (index >= layers) throw damaged(`it names block ${index} of ${layers}`);
  if (!isAscending(keptHeads, heads))
    throw damaged(`the heads of block ${index} are no ascending list below ${heads}`);
  if (!isAscending(keptNeurons, feedForwardWidth))
    throw damaged(`the neurons of block ${index} are no ascending list below ${feedForwardWidth}`);
}

function isAscending(list: readonly number[], limit: number): boolean {
  return list.every((value, position) => value < limit && (position === 0 || value > list[position - 1]));
}

function damaged(what: string): ModelError {
  return new ModelError(
    `The metadata entry ${STRUCTURE_KEY} of this compressed checkpoint is damaged (${what}); export it again.`,
  );
}
