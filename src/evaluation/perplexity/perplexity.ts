import { z } from 'zod';
import type { OperationOptions } from '../../progress/progress';
import { DIVERGENCE_FIGURES, divergenceValues } from '../divergence';
import { defineEvaluation, type DataSet, type ModelsUnderTest, type ScoredRows } from '../evaluation';
import { EvaluationError } from '../evaluation-error';
import { countParameter } from '../count-parameter';
import { joinScores, perplexityOf } from '../scores';
import { requireText } from '../texts/evaluation-text';
import { slidingWindows, type TokenWindow, type Windowing } from './windows';

const DEFAULT_WINDOW = 256;

export const perplexityEvaluation = defineEvaluation({
  id: 'perplexity',
  title: 'Perplexity',
  summary: "Sliding windows over one text, as in Hugging Face's documentation of perplexity.",
  tasks: ['causal-lm'],
  data: ['text'],
  parameters: z.strictObject({
    window: countParameter({
      label: 'Window',
      unit: 'tokens',
      help: `Tokens per window; by default the model's context, at most ${DEFAULT_WINDOW}.`,
    }),
    stride: countParameter({
      label: 'Stride',
      unit: 'tokens',
      help: 'Tokens from the start of one window to the start of the next; by default the window, so that none overlap.',
    }),
    maxWindows: countParameter({
      label: 'Windows',
      help: 'Maximum number of windows; by default the whole text.',
      initial: 4,
    }),
  }),
  quick: { maxWindows: 2 },
  figures: [
    {
      id: 'perplexity',
      title: 'Perplexity',
      hint: 'exp of the mean loss per token; lower is better. ± is the standard error.',
      format: 'number',
      better: 'lower',
      interval: true,
    },
    ...DIVERGENCE_FIGURES,
  ],
  async measure(models, data, parameters, options) {
    requireText(data);
    const window = parameters.window ?? Math.min(DEFAULT_WINDOW, models.config.contextLength);
    const { stride = window, maxWindows } = parameters;
    const ids = await encodeText(models, data, options);
    const label = `Perplexity on ${data.name}`;
    const { windows, scores } = await scoreWindows(
      models,
      ids,
      { window, stride, maxWindows },
      label,
      options,
    );
    return scores.map((rows) => ({
      figures: { perplexity: perplexityOf(rows), ...divergenceValues(rows) },
      count: rows.losses.length,
      protocol: `${data.name}, ${windows} window${windows === 1 ? '' : 's'} of ${window} tokens, stride ${stride}`,
    }));
  },
});

/**
 * Scores a text window by window, each window with all models before the next.
 *
 * @param ids token ids of the whole text
 * @returns the number of windows and the scores of each model
 * @throws EvaluationError if the windows do not fit the model or the text; the signal's reason when cancelled
 */
async function scoreWindows(
  models: ModelsUnderTest,
  ids: readonly number[],
  windowing: Windowing,
  label: string,
  { signal, onProgress }: OperationOptions,
): Promise<{ windows: number; scores: ScoredRows[] }> {
  const { contextLength } = models.config;
  const { window } = windowing;
  if (window > contextLength || window < 2) {
    throw new EvaluationError(
      `A window of ${window} tokens does not fit this model; use 2 to ${contextLength}.`,
    );
  }
  const windows = slidingWindows(ids.length, windowing);
  const report = (done: number) => onProgress?.({ label, done, total: windows.length, unit: 'windows' });
  const scores: (readonly ScoredRows[])[] = [];
  for (const [index, tokenWindow] of windows.entries()) {
    signal?.throwIfAborted();
    report(index);
    const length = tokenWindow.end - tokenWindow.begin;
    const batch = { ids: Int32Array.from(ids.slice(tokenWindow.begin, tokenWindow.end)), batch: 1, length };
    scores.push(await models.score(batch, targetsOf(ids, tokenWindow), { cacheBase: true }));
  }
  report(windows.length);
  return { windows: windows.length, scores: joinScores(scores) };
}

/** Target ids: row t predicts id t + 1; only the window's last `targetCount` ids are scored. */
function targetsOf(ids: readonly number[], { begin, end, targetCount }: TokenWindow): Int32Array {
  const targets = new Int32Array(end - begin).fill(-1);
  for (let position = end - targetCount; position < end; position++)
    targets[position - 1 - begin] = ids[position];
  return targets;
}

function encodeText(
  { tokenizer }: ModelsUnderTest,
  { name, content }: DataSet,
  { signal, onProgress }: OperationOptions,
): Promise<number[]> {
  return tokenizer.encodeLong(content, {
    signal,
    onProgress: (progress) => onProgress?.({ ...progress, label: `Tokenizing ${name}` }),
  });
}
