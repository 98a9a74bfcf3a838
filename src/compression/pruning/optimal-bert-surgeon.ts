import type { GroupPattern } from '../../weights/formats/n-of-m-weight';
import { z } from 'zod';
import { partOf, type LongTask } from '../../linalg/long-task';
import type { Model } from '../../model/model';
import { DenseWeight } from '../../weights/formats/dense-weight';
import type { LinearWeight } from '../../weights/linear-weight';
import { roundHalfToEven } from '../../weights/quantization';
import { withTargets } from '../calibration/calibration-targets';
import { type FisherMatrix, FisherSource, singleSequences } from './fisher-source';
import { magnitudeThreshold, markBelow } from './magnitude';
import { type ModelMethod, RecipeError } from '../method';
import { markLeastOfGroups } from './saliency';
import {
  checkSparsity,
  groupPatternOf,
  PATTERN_PARAMETERS,
  requireWholeGroups,
  storePruned,
} from './sparsity-pattern';
import { removeMarked, surgeonSaliencies } from './surgeon-update';
import { parameter } from '../../parameters/parameter';
import { scopeParameter } from './pruning-parameters';

const schema = z.strictObject({
  ...PATTERN_PARAMETERS,
  scope: scopeParameter(
    'global',
    'Global compares what weights of different matrices cost the loss. A pattern N:M decides within its groups.',
  ),
  gradients: parameter(z.number().int().positive().default(128), {
    label: 'Gradients',
    max: 4096,
    help: 'Maximum number of calibration sequences, each giving one gradient; a labelled set also provides the labels.',
  }),
  blockSize: parameter(z.number().int().positive().max(512).default(50), {
    label: 'Block size',
    help: 'Number of neighbouring weights in a Fisher block. Memory in bytes per weight is about four times this.',
  }),
  damping: parameter(z.number().positive().default(1e-7), {
    label: 'Damping',
    min: 1e-10,
    max: 1,
    step: 1e-7,
    help: 'Value added to the diagonal of the Fisher matrix.',
  }),
  steps: parameter(z.number().int().positive().max(32).default(1), {
    label: 'Steps',
    help: 'Number of pruning steps, with new gradients before each; each step removes the same share of the remaining weights.',
  }),
});

type Parameters = z.infer<typeof schema>;

/** Amount that one step removes: all but some of each group of a pattern, or a share of the weights. */
type Level = { readonly groups: GroupPattern } | { readonly sparsity: number };

/** Removes the weights whose loss costs least by the curvature of the gradients; the others compensate. */
export const optimalBertSurgeon: ModelMethod<Parameters> = {
  id: 'optimal-bert-surgeon',
  title: 'Optimal BERT surgeon',
  paper:
    'Kurtic et al. 2022, "The Optimal BERT Surgeon: Scalable and Accurate Second-Order Pruning for Large Language Models", section 3, equations 4 to 7',
  summary:
    'Takes gradients of the loss on a calibration text, sets the weights of least w²/[F⁻¹] to zero and updates the others of their block to compensate.',
  appliesTo: 'model',
  schema,
  needsCalibration: () => true,
  calibrationPasses: ({ steps }) => 3 * steps,

  async compressModel(model, targets, parameters, { calibration, signal, onProgress }) {
    const { pattern, sparsity, steps, gradients } = parameters;
    checkSparsity(pattern, sparsity);
    const groups = groupPatternOf(pattern);
    if (groups)
      for (const name of targets) requireWholeGroups(name, model.linears.get(name)!.shape[1], groups);
    const sequences = singleSequences(await withTargets(model, calibration!), gradients);
    if (sequences.length === 0) {
      throw new RecipeError('No calibration sequence has a token to predict; use sequences of more tokens.');
    }
    let current = model.clone();
    try {
      for (let step = 1; step <= steps; step++) {
        const task = partOf({ signal, onProgress }, (step - 1) / steps, step / steps);
        const level = groups ? groupsAt(groups, step / steps) : sparsityAt(sparsity!, step / steps);
        const source = await FisherSource.of(current, sequences, targets, parameters);
        try {
          const store = (values: Float32Array, shape: readonly [number, number]) =>
            step === steps ? storePruned(values, shape, groups) : DenseWeight.fromValues(values, shape);
          const next = current.withLinears(
            await pruneOnce(current, source, level, parameters.scope, store, task),
          );
          current.dispose();
          current = next;
        } finally {
          source.dispose();
        }
      }
      return current;
    } catch (error) {
      current.dispose();
      throw error;
    }
  },
};

/** The sparsity after a share of the steps: each removes the same share of the remaining weights. */
function sparsityAt(sparsity: number, share: number): Level {
  return { sparsity: share === 1 ? sparsity : 1 - (1 - sparsity) ** share };
}

function groupsAt({ kept, groupSize }: GroupPattern, share: number): Level {
  return { groups: { kept: groupSize - Math.round((groupSize - kept) * share), groupSize } };
}

type Store = (values: Float32Array, shape: readonly [number, number]) => LinearWeight;

async function pruneOnce(
  model: Model,
  source: FisherSource,
  level: Level,
  scope: Parameters['scope'],
  store: Store,
  task: LongTask,
): Promise<Map<string, LinearWeight>> {
  const isGlobal = 'sparsity' in level && scope === 'global';
  const marks = isGlobal ? await globalMarks(source, level.sparsity, partOf(task, 0, 0.8)) : undefined;
  const pruned = new Map<string, LinearWeight>();
  try {
    await eachMatrix(source, partOf(task, isGlobal ? 0.8 : 0, 1), async (matrix, ofMatrix) => {
      const { name, fisher, values } = matrix;
      const found = marks?.get(name) ?? (await marksOf(matrix, level, ofMatrix));
      const updated = await removeMarked(fisher, values, found, { signal: task.signal });
      pruned.set(name, store(updated, model.linears.get(name)!.shape));
    });
    return pruned;
  } catch (error) {
    for (const weight of pruned.values()) weight.dispose();
    throw error;
  }
}

/** Visits every matrix with its Fisher blocks, group after group. */
async function eachMatrix(
  source: FisherSource,
  task: LongTask,
  visit: (matrix: FisherMatrix, task: LongTask) => Promise<void>,
): Promise<void> {
  const count = source.groups.length;
  for (let group = 0; group < count; group++) {
    const ofGroup = partOf(task, group / count, (group + 1) / count);
    const matrices = await source.matrices(group, partOf(ofGroup, 0, 0.7));
    for (const [index, matrix] of matrices.entries()) {
      task.signal?.throwIfAborted();
      const share = (position: number) => 0.7 + (0.3 * position) / matrices.length;
      await visit(matrix, partOf(ofGroup, share(index), share(index + 1)));
    }
  }
}

/** Weights of each matrix below one threshold for all. */
async function globalMarks(
  source: FisherSource,
  sparsity: number,
  task: LongTask,
): Promise<Map<string, Uint8Array>> {
  const saliencies = new Map<string, Float32Array>();
  await eachMatrix(source, task, async ({ name, fisher, values }, ofMatrix) => {
    saliencies.set(name, await surgeonSaliencies(fisher, values, ofMatrix));
  });
  const size = [...saliencies.values()].reduce((sum, { length }) => sum + length, 0);
  const threshold = await magnitudeThreshold([...saliencies.values()], roundHalfToEven(sparsity * size));
  let { ties } = threshold;
  return new Map(
    [...saliencies].map(([name, ofMatrix]) => {
      const { marks, tiesUsed } = markBelow(ofMatrix, { ...threshold, ties });
      ties -= tiesUsed;
      return [name, marks];
    }),
  );
}

async function marksOf({ fisher, values }: FisherMatrix, level: Level, task: LongTask): Promise<Uint8Array> {
  const saliencies = await surgeonSaliencies(fisher, values, task);
  if ('groups' in level) {
    const { kept, groupSize } = level.groups;
    return markLeastOfGroups(Float64Array.from(saliencies), kept, groupSize);
  }
  const count = roundHalfToEven(level.sparsity * values.length);
  return markBelow(saliencies, await magnitudeThreshold([saliencies], count)).marks;
}
