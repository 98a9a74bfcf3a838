import type { TrainingPoint } from '../../train/training-context';

/** A loss after some updates, which took this many tokens in all. */
export interface LossPoint {
  readonly step: number;
  readonly tokens: number;
  readonly loss: number;
}

/** How a step of a recipe trained. */
export interface TrainingRecord {
  /** Of the recipe, counted from 0. */
  readonly recipeStep: number;
  /** Updates that were made; fewer than `steps` where the run was ended early or has diverged. */
  readonly stepsMade: number;
  readonly steps: number;
  /** Trained on, in all. */
  readonly tokens: number;
  /** The median over the run, on this device. */
  readonly tokensPerSecond: number;
  /** Updates after which the held-out loss was least; the weights are those of then. Absent: nothing was held out. */
  readonly bestStep?: number;
  /** Nats a token; an example, of a classifier. */
  readonly heldOutLosses: readonly LossPoint[];
  /** What the method minimises; of many updates the mean of each stretch, which ends with `step`. */
  readonly trainingLosses: readonly LossPoint[];
}

/** More lie on one pixel of a chart. */
const MOST_TRAINING_LOSSES = 240;

/** @param points the curve of one run as it was told, from its first point on */
export function trainingRecord(
  recipeStep: number,
  points: readonly TrainingPoint[],
  most = MOST_TRAINING_LOSSES,
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

/** The held-out losses of a curve, and its training losses: of many the mean of each stretch. */
export function lossesOf(
  points: readonly TrainingPoint[],
  most = MOST_TRAINING_LOSSES,
): Pick<TrainingRecord, 'heldOutLosses' | 'trainingLosses'> {
  return {
    heldOutLosses: lossPoints(points, ({ heldOutLoss }) => heldOutLoss),
    trainingLosses: meansOfStretches(
      lossPoints(points, ({ trainingLoss }) => trainingLoss),
      most,
    ),
  };
}

/** The point with the least held-out loss: the variant is what it was there. */
export function bestPoint(curve: readonly TrainingPoint[]): TrainingPoint | undefined {
  return curve
    .filter(({ heldOutLoss }) => heldOutLoss !== undefined)
    .reduce<TrainingPoint | undefined>(
      (best, point) => (best && best.heldOutLoss! <= point.heldOutLoss! ? best : point),
      undefined,
    );
}

/** Whether a point is of another run than the one before it. */
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
