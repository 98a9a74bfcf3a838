import { z } from 'zod';
import type { Model } from '../../model/model';
import { restructure } from '../../model/restructure';
import type { BlockStructure, Members } from '../../model/structure';
import {
  activationImportance,
  gradientImportance,
  type MemberImportance,
  normalizedByBlock,
  presentMembers,
} from './member-importance';
import { remainingPositions } from './member-selection';
import { type ModelMethod, RecipeError } from '../method';
import { parameter } from '../../parameters/parameter';

export interface MemberPruning {
  readonly id: string;
  readonly title: string;
  readonly paper: string;
  readonly summary: string;
  readonly of: Members['of'];
  /** Defaults of the paper. */
  readonly defaults: { readonly scope: 'block' | 'global'; readonly normalized: boolean };
}

function schemaOf({ of, defaults }: MemberPruning) {
  return z.strictObject({
    sparsity: parameter(z.number({ error: 'sparsity is a share from 0 to 1' }).min(0).max(1).default(0.25), {
      label: 'Sparsity',
      step: 0.05,
      help: `Share of the ${of} to remove, in the blocks that contain a target. Every block keeps at least one.`,
    }),
    importance: parameter(
      z
        .enum(['gradient', 'activation'], { error: 'importance is "gradient" or "activation"' })
        .default('gradient'),
      {
        label: 'Importance',
        labels: {
          gradient: "how the loss changes with each one's gate",
          activation: 'how much each one gives',
        },
        help: 'Both are means over the calibration text; a labelled set also provides the labels of the loss.',
      },
    ),
    scope: parameter(
      z.enum(['global', 'block'], { error: 'scope is "block" or "global"' }).default(defaults.scope),
      {
        label: 'Scope',
        labels: { global: 'the share of all blocks together', block: 'the share of each block' },
        help: `Global removes more from blocks whose ${of} are less important.`,
      },
    ),
    normalized: parameter(z.boolean().default(defaults.normalized), {
      label: 'Normalized',
      labels: { true: 'by the norm of each block', false: 'as measured' },
      help: 'For the global scope: divide importances by the Euclidean norm over their block.',
    }),
  });
}

type Parameters = z.infer<ReturnType<typeof schemaOf>>;

/** A method that removes heads or neurons; the matrices before and after them become smaller. */
export function memberPruning(pruning: MemberPruning): ModelMethod<Parameters> {
  const { id, title, paper, summary, of } = pruning;
  return {
    id,
    title,
    paper,
    summary,
    appliesTo: 'model',
    schema: schemaOf(pruning),
    needsCalibration: () => true,
    calibrationPasses: ({ importance }) => (importance === 'gradient' ? 3 : 1),

    async compressModel(model, targets, parameters, { calibration, ...task }) {
      const blocks = blocksOf(model, targets, of);
      requireDense(model, blocks, pruning);
      const measure = parameters.importance === 'gradient' ? gradientImportance : activationImportance;
      const measured = await measure(model, calibration!, of, task);
      const ofTargets: MemberImportance = new Map([...measured].filter(([block]) => blocks.has(block)));
      const importance = parameters.normalized ? normalizedByBlock(ofTargets) : ofTargets;
      return withKept(model, of, remainingPositions(importance, parameters.sparsity, parameters.scope));
    },
  };
}

/** Numbers of the blocks in which a target belongs to these. */
function blocksOf(model: Model, targets: readonly string[], of: Members['of']): Set<number> {
  const wanted = new Set(targets);
  return new Set(
    model.layout.matrices
      .filter(({ module, outputs, inputs }) => wanted.has(module) && (outputs ?? inputs)?.of === of)
      .map(({ block }) => block!),
  );
}

/** @throws RecipeError where there is nothing to prune, or a matrix to be cut is already compressed */
function requireDense(model: Model, blocks: ReadonlySet<number>, { id, of }: MemberPruning): void {
  if (blocks.size === 0) {
    const part = of === 'heads' ? 'attentions' : 'feed-forward layers';
    throw new RecipeError(`${id} removes ${of} from ${part}, and no target is part of one; target Linear.`);
  }
  const mixed = model.config.structure.blocks.find(({ index, mixture }) => blocks.has(index) && mixture);
  if (of === 'neurons' && mixed) {
    throw new RecipeError(
      `The neurons of block ${mixed.index} belong to experts and cannot be cut; put ${id} before mixture-of-experts.`,
    );
  }
  for (const { module, block, outputs, inputs } of model.layout.matrices) {
    if ((outputs ?? inputs)?.of !== of || !blocks.has(block!)) continue;
    const { format } = model.linears.get(module)!;
    if (format === 'dense') continue;
    throw new RecipeError(
      `${id} makes ${module} smaller, but an earlier step made it ${format}; put ${id} before that step.`,
    );
  }
}

function withKept(
  model: Model,
  of: Members['of'],
  kept: ReadonlyMap<number, readonly number[]>,
): Promise<Model> {
  const { structure, heads, feedForwardWidth } = model.config;
  const count = of === 'heads' ? heads : feedForwardWidth;
  const blocks = structure.blocks.map((block): BlockStructure => {
    const positions = kept.get(block.index);
    const present = presentMembers(block, of, count);
    if (!positions || positions.length === present.length) return block;
    const numbers = positions.map((position) => present[position]);
    return of === 'heads' ? { ...block, keptHeads: numbers } : { ...block, keptNeurons: numbers };
  });
  return restructure(model, { ...structure, blocks });
}
