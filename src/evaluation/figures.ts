import type { Evaluation, Figure, Measurement } from './evaluation';

/** Key of a figure's standard error in reports. */
export const standardErrorKey = (figure: string): string => `${figure}StandardError`;

/** Value of a figure without its standard error; undefined if not reported. */
export function figureValue({ figures }: Pick<Measurement, 'figures'>, id: string): number | undefined {
  const value = figures[id];
  return typeof value === 'object' ? value.value : value;
}

/** Every figure once, in the order of the evaluations; a shared figure stands with the last of them. */
export function figuresOf(evaluations: readonly Pick<Evaluation, 'figures'>[]): Figure[] {
  const figures = new Map<string, Figure>();
  for (const figure of evaluations.flatMap((evaluation) => evaluation.figures)) {
    figures.delete(figure.id);
    figures.set(figure.id, figure);
  }
  return [...figures.values()];
}
