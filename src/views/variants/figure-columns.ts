import type { Evaluation, Figure } from '../../evaluation/evaluation';
import { figuresOf, standardErrorKey } from '../../evaluation/figures';
import type { VariantRow } from '../../store/lab-state';
import { formatNumber, formatPercent } from '../format';
import type { Column } from './column';

const FORMATS: Readonly<Record<Figure['format'], (value: number) => string>> = {
  number: formatNumber,
  percent: formatPercent,
};

/**
 * One column for each figure. The table on the screen shows the standard error of each evaluation's main figure only.
 */
export function figureColumns(evaluations: readonly Evaluation[]): Column[] {
  const main = evaluations.map(({ figures }) => figures[0].id);
  return figuresOf(evaluations).map((figure) => figureColumn(figure, main.includes(figure.id)));
}

function figureColumn({ id, title, hint, format, isDetail }: Figure, isMain: boolean): Column {
  const inWords = (row: VariantRow, withError: boolean) => {
    const value = numberOf(row, id);
    if (value === undefined) return '–';
    const error = withError ? numberOf(row, standardErrorKey(id)) : undefined;
    return error ? `${FORMATS[format](value)} ± ${FORMATS[format](error)}` : FORMATS[format](value);
  };
  return {
    id,
    title,
    hint,
    value: (row) => numberOf(row, id),
    format: (row) => inWords(row, true),
    brief: (row) => inWords(row, isMain),
    isDetail,
  };
}

function numberOf({ metrics }: VariantRow, key: string): number | undefined {
  const value = metrics[key];
  return typeof value === 'number' ? value : undefined;
}
