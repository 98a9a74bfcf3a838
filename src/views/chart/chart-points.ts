import type { VariantRow } from '../../store/lab-state';
import { recipeInWords } from '../recipe/recipe-in-words';
import type { ParetoPoint } from './pareto';

/** What is on the horizontal axis; less is better in each. */
export type CostAxis = 'size' | 'decode' | 'prefill';

export interface QualityMetric {
  readonly id: 'perplexity' | 'accuracy' | 'pseudoPerplexity';
  readonly better: 'lower' | 'higher';
}

export interface ChartPoint extends ParetoPoint {
  readonly name: string;
  readonly recipe: string;
  /** Standard error of the quality. */
  readonly error: number;
  /** Of the row in the table: chooses colour and shape. */
  readonly index: number;
}

const METRICS: readonly QualityMetric[] = [
  { id: 'perplexity', better: 'lower' },
  { id: 'accuracy', better: 'higher' },
  { id: 'pseudoPerplexity', better: 'lower' },
];

/** Beyond this ratio of the greatest to the least a linear axis would squeeze most points together. */
const WIDE_RATIO = 4;
const NEAR_RATIO = 2;

/** The quality that the rows have been measured by. */
export function qualityMetric(rows: readonly VariantRow[]): QualityMetric | undefined {
  return METRICS.find(({ id }) => rows.some(({ metrics }) => typeof metrics[id] === 'number'));
}

/** A point for each row that has both figures. */
export function chartPoints(
  rows: readonly VariantRow[],
  axis: CostAxis,
  quality: QualityMetric['id'],
): ChartPoint[] {
  return rows.flatMap((row, index) => {
    const cost = costOf(row, axis);
    const value = row.metrics[quality];
    if (cost === undefined || typeof value !== 'number') return [];
    const error = Number(row.metrics[`${quality}StandardError`] ?? 0);
    return [
      {
        name: row.name,
        recipe: recipeInWords(row.recipe),
        cost,
        quality: value,
        error,
        index,
        labelLeft: false,
      },
    ];
  });
}

export function isWide(points: readonly ChartPoint[]): boolean {
  const values = points.map(({ quality }) => quality);
  return Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) > WIDE_RATIO;
}

/** The points near the best one; of a quality that is better lower, up to twice the best figure. */
export function nearPoints(points: readonly ChartPoint[]): ChartPoint[] {
  const best = Math.min(...points.map(({ quality }) => quality));
  return points.filter(({ quality }) => quality <= NEAR_RATIO * best);
}

/** Megabytes, or milliseconds a token. */
function costOf(row: VariantRow, axis: CostAxis): number | undefined {
  if (axis === 'size') return row.size.storedBytes / 1e6;
  const rate = axis === 'decode' ? row.latency?.decodeTokensPerSecond : row.latency?.prefillTokensPerSecond;
  return rate && 1000 / rate.median;
}
