import { z } from 'zod';
import { restructure } from '../../model/restructure';
import type { BlockStructure, ModelStructure } from '../../model/structure';
import { streamSimilarities, type StreamSimilarities } from './block-influence';
import { type ModelMethod, RecipeError } from '../method';
import { parameter } from '../../parameters/parameter';

const schema = z.strictObject({
  part: parameter(
    z
      .enum(['attention', 'feed-forward', 'block'], {
        error: 'part is "attention", "feed-forward" or "block"',
      })
      .default('attention'),
    {
      label: 'Skip',
      labels: { attention: 'attentions', 'feed-forward': 'feed-forward layers', block: 'whole blocks' },
      help: 'Part to leave out; its input passes on unchanged.',
    },
  ),
  count: parameter(z.number().int().positive().default(1), {
    label: 'How many',
    max: 96,
    help: 'Number of parts left out. Targets are ignored.',
  }),
  order: parameter(
    z.enum(['last', 'influence', 'run'], { error: 'order is "last", "influence" or "run"' }).default('last'),
    {
      label: 'Which',
      labels: {
        last: 'the last ones',
        influence: 'those of least influence (calibrated)',
        run: 'the run of blocks of least influence (calibrated)',
      },
      help: 'Influence is the change of direction between input and output, measured on the calibration text.',
    },
  ),
});

type Parameters = z.infer<typeof schema>;
type Part = Parameters['part'];

/** Leaves attentions, feed-forward layers or whole blocks out of the forward pass. */
export const skipSublayers: ModelMethod<Parameters> = {
  id: 'skip-sublayers',
  title: 'Skip sub-layers',
  paper:
    'Tyukin 2024, "Enhancing Inference Efficiency of Large Language Models", chapter 4; Gromov et al. 2024, "The Unreasonable Ineffectiveness of the Deeper Layers", section 3',
  summary:
    'Leaves out attentions, feed-forward layers or blocks, either the last ones or those of least influence; their weights are removed, and a skipped attention has no key/value cache.',
  appliesTo: 'model',
  schema,
  needsCalibration: ({ part, order }) => order === 'influence' || (order === 'run' && part === 'block'),
  calibrationPasses: () => 1.5,

  async compressModel(model, _targets, parameters, { calibration, signal, onProgress }) {
    const { structure } = model.config;
    requireEnough(structure, parameters);
    const similarities =
      parameters.order === 'last'
        ? undefined
        : await streamSimilarities(model, calibration!, { signal, onProgress });
    return restructure(
      model,
      without(structure, parameters.part, skipped(structure, parameters, similarities)),
    );
  },
};

/**
 * Positions in the structure of the parts to leave out, ascending.
 * @param similarities for the orders that use influence
 */
export function skipped(
  structure: ModelStructure,
  { part, count, order }: Parameters,
  similarities?: StreamSimilarities,
): number[] {
  const present = positionsWith(structure, part);
  if (order === 'last') return present.slice(present.length - count);
  if (order === 'run') {
    const runs = similarities!.blocks[count - 1];
    const start = runs.indexOf(Math.max(...runs));
    return Array.from({ length: count }, (_, index) => start + index);
  }
  const similarity = part === 'block' ? similarities!.blocks[0] : similarities![PART_KEYS[part]];
  return [...present]
    .sort((left, right) => similarity[right] - similarity[left] || right - left)
    .slice(0, count)
    .sort((left, right) => left - right);
}

const PART_KEYS = { attention: 'attention', 'feed-forward': 'feedForward' } as const;

function positionsWith({ blocks }: ModelStructure, part: Part): number[] {
  return [...blocks.keys()].filter((position) => hasPart(blocks[position], part));
}

function hasPart({ hasAttention, hasFeedForward }: BlockStructure, part: Part): boolean {
  if (part === 'block') return true;
  return part === 'attention' ? hasAttention : hasFeedForward;
}

function without(structure: ModelStructure, part: Part, positions: readonly number[]): ModelStructure {
  const gone = new Set(positions);
  if (part === 'block')
    return { ...structure, blocks: structure.blocks.filter((_, position) => !gone.has(position)) };
  const blocks = structure.blocks.map((block, position): BlockStructure => {
    if (!gone.has(position)) return block;
    return part === 'attention'
      ? { ...block, hasAttention: false, keptHeads: undefined }
      : { ...block, hasFeedForward: false, keptNeurons: undefined, mixture: undefined };
  });
  return { ...structure, blocks };
}

/** @throws RecipeError where fewer parts exist, or consecutive ones are requested of parts other than blocks */
function requireEnough(structure: ModelStructure, { part, count, order }: Parameters): void {
  if (order === 'run' && part !== 'block')
    throw new RecipeError(`The order "run" goes with the part "block", not with "${part}"; use "influence".`);
  const present = positionsWith(structure, part).length;
  const most = part === 'block' ? present - 1 : present;
  if (count <= most) return;
  throw new RecipeError(
    `${count} ${part === 'block' ? 'blocks' : `${part} layers`} cannot be left out of ${present}; use at most ${most}.`,
  );
}
