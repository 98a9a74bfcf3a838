import { lossesOf, type LossPoint } from '../../lab/report/training-record';
import type { TrainingRun, VariantRow } from '../../store/lab-state';

/** The held-out loss of one run by the tokens that it had trained on. */
export interface VariantCurve {
  /** Of the variant, with the step of its recipe where several train. */
  readonly name: string;
  /** Of the row in the table: chooses colour and shape. */
  readonly index: number;
  readonly losses: readonly LossPoint[];
}

/** Curves of all variants that were trained, and of the run that is under way; those without a held-out loss have none. */
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
    curves.push({ name: `${run.name}, under way`, index: rows.length, losses });
  }
  return curves.filter(({ losses }) => losses.length > 0);
}
