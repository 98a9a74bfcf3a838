import { EvaluationError } from '../evaluation-error';

/** One window of a token sequence: ids [begin, end) of which the last `targetCount` are scored. */
export interface TokenWindow {
  readonly begin: number;
  readonly end: number;
  /** Number of scored ids; the first id of a window is never predicted. */
  readonly targetCount: number;
}

export interface Windowing {
  /** Tokens per window. */
  readonly window: number;
  /** Tokens from the start of one window to the start of the next. */
  readonly stride: number;
  readonly maxWindows?: number;
}

/**
 * Sliding windows as in Hugging Face's "Perplexity of fixed-length models": each window scores the ids that the previous one
 * has not seen. With stride = window they do not overlap.
 *
 * @throws EvaluationError if the stride is less than one or exceeds the window, or the sequence is too short to predict an id
 */
export function slidingWindows(
  count: number,
  { window, stride, maxWindows = Infinity }: Windowing,
): TokenWindow[] {
  if (!Number.isInteger(stride) || stride < 1) {
    throw new EvaluationError(
      `A stride of ${stride} tokens is not valid; use a whole number from 1 to ${window}.`,
    );
  }
  if (stride > window) {
    throw new EvaluationError(
      `A stride of ${stride} skips tokens between windows of ${window}; use a stride of at most ${window}.`,
    );
  }
  if (count < 2) {
    throw new EvaluationError(
      `The text has ${count === 0 ? 'no tokens' : 'only one token'}; perplexity needs at least two.`,
    );
  }
  const windows: TokenWindow[] = [];
  let scored = 0;
  for (let begin = 0; begin < count && windows.length < maxWindows; begin += stride) {
    const end = Math.min(begin + window, count);
    const targetCount = Math.min(end - scored, end - begin - 1);
    if (targetCount > 0) windows.push({ begin, end, targetCount });
    scored = end;
    if (end === count) break;
  }
  return windows;
}
