import type { TrainingPoint } from '../../train/training-context';

/** Loss after some updates, with the total number of tokens trained on. */
export interface LossPoint {
  readonly step: number;
  readonly tokens: number;
  readonly loss: number;
}

/** Record of one training step of a recipe. */
export interface TrainingRecord {
  /** Index of the recipe's step, from 0. */
  readonly recipeStep: number;
  /** Number of updates; less than `steps` if the run was ended early or diverged. */
  readonly stepsMade: number;
  readonly steps: number;
  /** Total number of tokens trained on. */
  readonly tokens: number;
  /** Median over the run, on this device. */
  readonly tokensPerSecond: number;
  /** Number of updates at the lowest held-out loss, where the weights are taken. Absent: nothing was held out. */
  readonly bestStep?: number;
  /** In nats per token; for a classifier, per example. */
  readonly heldOutLosses: readonly LossPoint[];
  /** Training objective; many updates are averaged over intervals that end at `step`. */
  readonly trainingLosses: readonly LossPoint[];
}

/** Limit beyond which several points share one pixel of a chart. */
const MAX_TRAINING_LOSSES = 240;

/** @param points curve of one run, complete from its first point */
export function trainingRecord(
  recipeStep: number,
  points: readonly TrainingPoint[],
  most = MAX_TRAINING_LOSSES,
): TrainingRecord {
  const last = points.at(-1);
  const rates = points.map(({ tokensPerSecond }) => tokensPerSecond).filter((rate) => rate > 0);
  return {
    recipeStep,
    stepsMade: last?.step ?? 0,
    steps: last?.steps ?? 0,
    tokens: last?.tokens ?? 0,
    tokensPerSecond: rates.sort((left, right) => left - right)[Math.floor(rates.length / 2)] ?? 0,
    bestStep: bestPoint(points)?.step,
    ...lossesOf(points, most),
  };
}

/** Held-out losses of a curve, and its training losses averaged over intervals if there are many. */
export function lossesOf(
  points: readonly TrainingPoint[],
  most = MAX_TRAINING_LOSSES,
): Pick<TrainingRecord, 'heldOutLosses' | 'trainingLosses'> {
  return {
    heldOutLosses: lossPoints(points, ({ heldOutLoss }) => heldOutLoss),
    trainingLosses: meansOfStretches(
      lossPoints(points, ({ trainingLoss }) => trainingLoss),
      most,
    ),
  };
}

/** Point with the lowest held-out loss, where the variant's weights are taken. */
export function bestPoint(curve: readonly TrainingPoint[]): TrainingPoint | undefined {
  return curve
    .filter(({ heldOutLoss }) => heldOutLoss !== undefined)
    .reduce<TrainingPoint | undefined>(
      (best, point) => (best && best.heldOutLoss! <= point.heldOutLoss! ? best : point),
      undefined,
    );
}

/** Whether a point starts another run than the point before it. */
export function startsNewRun(before: TrainingPoint, point: TrainingPoint): boolean {
  return point.step < before.step || point.steps !== before.steps;
}

function lossPoints(
  points: readonly TrainingPoint[],
  lossOf: (point: TrainingPoint) => number | undefined,
): LossPoint[] {
  return points.flatMap((point) => {
    const loss = lossOf(point);
    return loss === undefined ? [] : [{ step: point.step, tokens: point.tokens, loss }];
  });
}

function meansOfStretches(losses: readonly LossPoint[], most: number): LossPoint[] {
  const size = Math.max(1, Math.ceil(losses.length / most));
  return Array.from({ length: Math.ceil(losses.length / size) }, (_, index) => {
    const stretch = losses.slice(index * size, (index + 1) * size);
    const { step, tokens } = stretch.at(-1)!;
    return { step, tokens, loss: stretch.reduce((sum, { loss }) => sum + loss, 0) / stretch.length };
  });
}
