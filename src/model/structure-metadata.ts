import { z } from 'zod';
import { ModelError } from './family';
import type { ModelConfig } from './model';
import { type BlockStructure, isWhole, type Mixture, type ModelStructure, MOST_EXPERTS } from './structure';

/** Metadata key of the structure that a compressed checkpoint has left of its base; absent: everything. */
export const STRUCTURE_KEY = 'lathe.structure';

const members = z.array(z.number().int().nonnegative()).min(1).optional();

const mixture = z.strictObject({
  experts: z.number().int().positive().max(MOST_EXPERTS),
  neurons: z.array(z.number().int().nonnegative()).min(1),
  routing: z.string().regex(/^[0-9a-z]+$/),
});

const structureSchema = z.strictObject({
  blocks: z
    .array(
      z.strictObject({
        index: z.number().int().nonnegative(),
        hasAttention: z.boolean(),
        hasFeedForward: z.boolean(),
        keptHeads: members,
        keptNeurons: members,
        mixture: mixture.optional(),
      }),
    )
    .min(1),
  keptActivations: z.number().positive().max(1).optional(),
  blockwiseInt8: z.number().int().positive().optional(),
});

/** Metadata entries of a model's structure; none for a whole model. */
export function structureMetadata({ structure, layers }: ModelConfig): Record<string, string> {
  return isWhole(structure, layers) ? {} : { [STRUCTURE_KEY]: JSON.stringify(structure) };
}

/**
 * Configuration with the structure declared in a file's metadata.
 * @throws ModelError if the declaration is damaged or does not match the configuration
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

function requireFitting(block: BlockStructure, config: ModelConfig): void {
  const { layers, heads, feedForwardWidth } = config;
  const { index, keptHeads = [], keptNeurons = [] } = block;
  if (index >= layers) throw damaged(`it names block ${index} of ${layers}`);
  if (!isAscending(keptHeads, heads))
    throw damaged(`the heads of block ${index} are not an ascending list below ${heads}`);
  if (!isAscending(keptNeurons, feedForwardWidth))
    throw damaged(`the neurons of block ${index} are not an ascending list below ${feedForwardWidth}`);
  if (block.mixture) requireFittingMixture(block, block.mixture, config);
}

function requireFittingMixture(
  { index, keptNeurons }: BlockStructure,
  { experts, neurons, routing }: Mixture,
  { feedForwardWidth, vocabularySize }: ModelConfig,
): void {
  if (keptNeurons) throw damaged(`block ${index} has both kept neurons and experts`);
  if (neurons.length % experts !== 0)
    throw damaged(`the ${neurons.length} neurons of block ${index} are not those of ${experts} experts`);
  if (neurons.some((neuron) => neuron >= feedForwardWidth))
    throw damaged(`the experts of block ${index} have a neuron that is not below ${feedForwardWidth}`);
  if (routing.length !== vocabularySize)
    throw damaged(`block ${index} routes ${routing.length} tokens of ${vocabularySize}`);
  if ([...routing].some((digit) => parseInt(digit, MOST_EXPERTS) >= experts))
    throw damaged(`block ${index} routes tokens past its ${experts} experts`);
}

function isAscending(list: readonly number[], limit: number): boolean {
  return list.every((value, position) => value < limit && (position === 0 || value > list[position - 1]));
}

function damaged(what: string): ModelError {
  return new ModelError(
    `The metadata entry ${STRUCTURE_KEY} of this compressed checkpoint is damaged (${what}); export it again.`,
  );
}
