import type { Figure } from '../../evaluation/evaluation';
import { EVALUATIONS } from '../../evaluation/evaluations';
import { figuresOf, standardErrorKey } from '../../evaluation/figures';
import type { VariantRow } from '../../store/lab-state';
import { recipeInWords } from '../recipe/recipe-in-words';
import type { ParetoPoint } from './pareto';

/** Quantity on the horizontal axis; lower is better for each. */
export type CostAxis = 'size' | 'decode' | 'prefill';

/** Figure whose better values lie in one direction. */
export type DrawnFigure = Figure & Required<Pick<Figure, 'better'>>;

export interface ChartPoint extends ParetoPoint {
  readonly name: string;
  readonly recipe: string;
  readonly error: number;
  /** Index of the row in the table; chooses colour and shape. */
  readonly index: number;
}

/** Ratio of the greatest to the least value above which a linear axis would squeeze most points together. */
const WIDE_RATIO = 4;
const NEAR_RATIO = 2;

/**
 * Figures that a chart can show for these rows, starting with the main figure of the first evaluation that measured
 * them.
 */
export function chartFigures(rows: readonly VariantRow[], evaluations = EVALUATIONS): DrawnFigure[] {
  return figuresOf(evaluations).filter(
    (figure): figure is DrawnFigure =>
      figure.better !== undefined && rows.some(({ metrics }) => typeof metrics[figure.id] === 'number'),
  );
}

/** One point for each row that has both figures. */
export function chartPoints(rows: readonly VariantRow[], axis: CostAxis, quality: string): ChartPoint[] {
  return rows.flatMap((row, index) => {
    const cost = costOf(row, axis);
    const value = row.metrics[quality];
    if (cost === undefined || typeof value !== 'number') return [];
    const error = Number(row.metrics[standardErrorKey(quality)] ?? 0);
    return [
      {
        name: row.name,
        recipe: recipeInWords(row.recipe),
        cost,
        quality: value,
        error,
        index,
      },
    ];
  });
}

export function isWide(points: readonly ChartPoint[]): boolean {
  const values = points.map(({ quality }) => quality);
  return Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) > WIDE_RATIO;
}

/**
 * Points near the best one: where lower is better, up to twice the best figure. Returns all points if the base has no
 * such figure, because divergences from the base span orders of magnitude.
 */
export function nearPoints(points: readonly ChartPoint[]): readonly ChartPoint[] {
  if (!points.some(({ index }) => index === 0)) return points;
  const best = Math.min(...points.map(({ quality }) => quality));
  return points.filter(({ quality }) => quality <= NEAR_RATIO * best);
}

/** Size in megabytes, or time in milliseconds per token. */
function costOf(row: VariantRow, axis: CostAxis): number | undefined {
  if (axis === 'size') return row.size.storedBytes / 1e6;
  const rate = axis === 'decode' ? row.latency?.decodeTokensPerSecond : row.latency?.prefillTokensPerSecond;
  return rate && 1000 / rate.median;
}
