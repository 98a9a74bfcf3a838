import { z } from 'zod';
import type { Model } from '../../model/model';
import { trainableMatrix } from '../../train/trainable-formats';
import type { LinearWeight } from '../../weights/linear-weight';
import { distillationParameters, objectiveOf } from './distillation-parameters';
import { type ModelMethod, RecipeError } from '../method';
import { trainVariant } from './train-variant';
import { Turns } from './turns';
import { WaitingMatrix } from './waiting-matrix';
import { parameter } from '../../parameters/parameter';
import { trainingParameters } from '../../train/training-settings';
import { trainingSettings } from './run-settings';

/**
 * KnGPT2's distillation uses the intermediate layers. A weight of 1 would dominate the loss on the demo model at
 * first.
 */
const DISTILLATION = { hiddenWeight: 0.1 };

const schema = z.strictObject({
  blocksAtATime: parameter(z.number().int().positive().optional(), {
    label: 'Blocks at a time',
    max: 96,
    help: 'Number of blocks that switch to their factors at a time, from the first on; the others use the matrices of the base until their turn. If empty: all at once.',
  }),
  ...distillationParameters(DISTILLATION),
  ...trainingParameters(),
});

type Parameters = z.infer<typeof schema>;

/** Trains the factors of earlier steps, all at once or some blocks at a time. */
export const factorizedRecovery: ModelMethod<Parameters> = {
  id: 'factorized-recovery',
  title: 'Factorized recovery',
  paper:
    'Edalati et al. 2021, "Kronecker Decomposition for GPT Compression", section 3.3; Abronin et al. 2024, "TQCompressor"',
  summary:
    'Trains the factors of Kronecker products, tensor trains and low-rank matrices on logits, text and hidden states of the base, all blocks at once or some at a time.',
  appliesTo: 'model',
  trains: true,
  usualTargets: ['re:.*'],
  schema,

  async compressModel(model, targets, parameters, context) {
    const settings = trainingSettings('factorized-recovery', parameters, model.config);
    const { teacher } = context.training!;
    const factorized = targets.filter((module) => isFactorized(model.linears.get(module)!));
    if (factorized.length === 0) {
      throw new RecipeError(
        'factorized-recovery trains factors, and no target is factorized; put a step such as kronecker, tensor-train or low-rank before it.',
      );
    }
    const starts = startsOfBlocks(model, parameters.blocksAtATime, settings.steps);
    const objective = objectiveOf(teacher, parameters);
    const turns = new Turns(objective, context.signal);
    const matrixOf = async (module: string, weight: LinearWeight) => {
      const start = starts.get(blockOf(model, module)) ?? 0;
      if (start === 0) return undefined;
      const standIn = standInFor(module, weight, teacher);
      return turns.take(start, await WaitingMatrix.of(await trainableMatrix(weight, module), standIn));
    };
    return trainVariant(
      model,
      { targets: factorized, matrixOf, settings, objective, hooks: () => turns },
      context,
    );
  },
};

/** Whether a weight is a product of factors, also inside another format. */
function isFactorized(weight: LinearWeight): boolean {
  return weight.isProduct ?? weight.factors?.some((factor) => isFactorized(factor.weight)) ?? false;
}

/** The step at which each block, by its number in the checkpoint, switches to its factors: equal parts of the run. */
function startsOfBlocks(
  { config }: Model,
  atATime: number | undefined,
  steps: number,
): Map<number | undefined, number> {
  const { blocks } = config.structure;
  const size = atATime ?? blocks.length;
  const groups = Math.ceil(blocks.length / size);
  return new Map(
    blocks.map(({ index }, position) => [index, Math.round((Math.floor(position / size) * steps) / groups)]),
  );
}

function blockOf({ layout }: Model, module: string): number | undefined {
  return layout.matrices.find((matrix) => matrix.module === module)?.block;
}

/** @throws RecipeError where the base has no matrix of this shape */
function standInFor(module: string, { shape }: LinearWeight, teacher: Model): LinearWeight {
  const standIn = teacher.linears.get(module);
  if (standIn && standIn.shape[0] === shape[0] && standIn.shape[1] === shape[1]) return standIn;
  throw new RecipeError(
    `${module} is ${shape.join('×')}, and the base has no matrix of that shape to use until its turn; leave "blocksAtATime" out.`,
  );
}
