import { lossesOf, type LossPoint } from '../../lab/report/training-record';
import type { TrainingRun, VariantRow } from '../../store/lab-state';

/** Held-out loss of one run by the number of trained tokens. */
export interface VariantCurve {
  /** Name of the variant, with the recipe's step if several train. */
  readonly name: string;
  /** Index of the row in the table; chooses colour and shape. */
  readonly index: number;
  readonly losses: readonly LossPoint[];
}

/** Curves of all trained variants and of the current run; runs without a held-out loss are omitted. */
export function variantCurves(rows: readonly VariantRow[], run?: TrainingRun): VariantCurve[] {
  const curves = rows.flatMap(({ name, training = [] }, index) =>
    training.map(({ recipeStep, heldOutLosses: losses }) => ({
      name: training.length > 1 ? `${name}, step ${recipeStep + 1}` : name,
      index,
      losses,
    })),
  );
  if (run && run.status !== 'ended') {
    const { heldOutLosses: losses } = lossesOf(run.points);
    curves.push({ name: `${run.name}, in progress`, index: rows.length, losses });
  }
  return curves.filter(({ losses }) => losses.length > 0);
}
