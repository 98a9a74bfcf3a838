import { EvaluationError } from '../evaluation-error';

/** One window of a token sequence: ids [begin, end) of which the last `targetCount` are scored. */
export interface TokenWindow {
  readonly begin: number;
  readonly end: number;
  /** Ids whose prediction counts; the first id of a window has no prediction. */
  readonly targetCount: number;
}

export interface Windowing {
  /** Tokens of a window. */
  readonly window: number;
  /** Tokens from one window's begin to the next one's. */
  readonly stride: number;
  readonly maxWindows?: number;
}

/**
 * Sliding windows as Hugging Face's documentation of perplexity for fixed-length models cuts them: each window scores the ids
 * that the one before has not seen. With stride = window they do not overlap.
 *
 * @throws EvaluationError for a stride below one or beyond the window, or for a sequence that holds no prediction
 */
export function slidingWindows(
  count: number,
  { window, stride, maxWindows = Infinity }: Windowing,
): TokenWindow[] {
  if (!Number.isInteger(stride) || stride < 1) {
    throw new EvaluationError(
      `A stride of ${stride} tokens leads nowhere; use a whole number from 1 to ${window}.`,
    );
  }
  if (stride > window) {
    throw new EvaluationError(
      `A stride of ${stride} skips tokens between windows of ${window}; use a stride of at most ${window}.`,
    );
  }
  if (count < 2) {
    throw new EvaluationError(
      `The text holds ${count === 0 ? 'no token' : 'one token'}; a perplexity needs two at least.`,
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
