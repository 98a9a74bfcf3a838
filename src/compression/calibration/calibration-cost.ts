import * as tf from '@tensorflow/tfjs';
import { readFloats } from '../../engines/webgpu/transfer';
import { addRowProduct, matrixFrom } from '../../linalg/matrix';
import type { Model } from '../../model/model';
import { needsCalibration } from '../recipe/apply-step';
import type { CalibrationSequences } from './calibration';
import { statisticSize, StatisticsGatherer } from './gather-statistics';
import type { CheckedRecipe, CheckedStep } from '../recipe/recipe';

/** Side of the matrix with which the float64 arithmetic is timed. */
const PROBE_SIZE = 512;
const PROBE_ROWS = 16;
const BYTES_PER_VALUE = 4;

export interface CalibrationCost {
  readonly seconds: number;
  /** GPU memory of the hidden states and of the greatest block's statistics. */
  readonly bytes: number;
}

/**
 * Estimated cost of the calibrated steps of a recipe: one batch runs through the first block, with the statistics of
 * its targets, to time the passes; the methods' own arithmetic is counted and divided by the measured rate of row
 * updates in float64.
 * @param matches module names of each step; modules that only an earlier step adds do not count
 */
export async function calibrationCost(
  model: Model,
  recipe: CheckedRecipe,
  matches: readonly (readonly string[])[],
  calibration: CalibrationSequences,
): Promise<CalibrationCost> {
  const steps = recipe.steps.flatMap((step, index) =>
    needsCalibration(step.method, step.parameters)
      ? [{ step, targets: matches[index].filter((name) => model.linears.has(name)) }]
      : [],
  );
  const blocks = model.config.structure.blocks.length;
  let seconds = 0;
  let statisticsBytes = 0;
  for (const { step, targets } of steps) {
    const ofBatch = await secondsOfBlock(model, step, new Set(targets), calibration);
    const share = calibration.batches.length * blocks;
    if ('compressModel' in step.method) {
      seconds += ofBatch.plain * share * (step.method.calibrationPasses?.(step.parameters) ?? 1);
    } else {
      seconds += (ofBatch.plain + ofBatch.observed) * share + arithmeticSeconds(model, step, targets);
      statisticsBytes = Math.max(statisticsBytes, bytesOfStatistics(model, step, targets));
    }
  }
  const tokens = calibration.batches.reduce((sum, { batch, length }) => sum + batch * length, 0);
  return { seconds, bytes: tokens * model.config.width * BYTES_PER_VALUE + statisticsBytes };
}

async function secondsOfBlock(
  model: Model,
  { method, parameters }: CheckedStep,
  targets: ReadonlySet<string>,
  { batches }: CalibrationSequences,
): Promise<{ plain: number; observed: number }> {
  const [batch] = batches;
  const hidden = model.embed(batch);
  const statistics = 'compressCalibrated' in method ? method.statistics(parameters) : [];
  const run = async (observed: boolean) => {
    const gatherers: StatisticsGatherer[] = [];
    const started = performance.now();
    const output = model.runBlock(0, hidden, batch, (module, x) => {
      if (!observed || !targets.has(module)) return;
      const gatherer = new StatisticsGatherer(statistics, model.linears.get(module)!);
      gatherer.add(x);
      gatherers.push(gatherer);
    });
    await readFloats(output);
    for (const gatherer of gatherers) await gatherer.read();
    const elapsed = (performance.now() - started) / 1000;
    tf.dispose(output);
    for (const gatherer of gatherers) gatherer.dispose();
    return elapsed;
  };
  try {
    await run(true); // compiles the pipelines
    return { plain: await run(false), observed: await run(true) };
  } finally {
    hidden.dispose();
  }
}

function arithmeticSeconds(
  model: Model,
  { method, parameters }: CheckedStep,
  targets: readonly string[],
): number {
  if (!('compressCalibrated' in method) || !method.multiplications) return 0;
  let multiplications = 0;
  for (const name of targets)
    multiplications += method.multiplications(model.linears.get(name)!.shape, parameters);
  return multiplications === 0 ? 0 : multiplications / multiplicationsPerSecond();
}

/** Measured each time, since other load on the machine changes it. */
function multiplicationsPerSecond(): number {
  const probe = matrixFrom(
    Float32Array.from({ length: PROBE_SIZE ** 2 }, (_, index) => Math.sin(index)),
    PROBE_SIZE,
    PROBE_SIZE,
  );
  const sum = new Float64Array(PROBE_SIZE);
  addRowProduct(probe, 0, probe, sum); // is compiled
  const started = performance.now();
  for (let row = 0; row < PROBE_ROWS; row++) addRowProduct(probe, row, probe, sum);
  return (PROBE_ROWS * PROBE_SIZE ** 2) / Math.max(1e-6, (performance.now() - started) / 1000);
}

function bytesOfStatistics(
  model: Model,
  { method, parameters }: CheckedStep,
  targets: readonly string[],
): number {
  if (!('compressCalibrated' in method)) return 0;
  const wanted = new Set(targets);
  const ofBlock = new Map<number | undefined, number>();
  for (const { module, block, shape } of model.layout.matrices) {
    if (!wanted.has(module)) continue;
    const size = method
      .statistics(parameters)
      .reduce((sum, statistic) => sum + statisticSize(statistic, shape), 0);
    ofBlock.set(block, (ofBlock.get(block) ?? 0) + size * BYTES_PER_VALUE);
  }
  return Math.max(0, ...ofBlock.values());
}
