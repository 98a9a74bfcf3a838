import { z } from 'zod';
import type { TokenBatch } from '../../model/model';
import type { OperationOptions } from '../../progress/progress';
import type { TextTokenizer } from '../../tokenizer/text-tokenizer';
import { DIVERGENCE_FIGURES, divergenceValues } from '../divergence';
import { defineEvaluation, type ModelsUnderTest, type ScoredRows } from '../evaluation';
import { EvaluationError } from '../evaluation-error';
import { countParameter } from '../count-parameter';
import { joinScores, perplexityOf } from '../scores';
import { requireText, sentencesOf } from '../texts/evaluation-text';

const DEFAULT_WINDOW = 256;
/** [CLS] and [SEP]. */
const SPECIAL_TOKENS = 2;
/** Copies of a sequence per batch, each with a different token masked. */
const MASKS_PER_BATCH = 16;

/** Pseudo-perplexity of masked language models (Salazar et al. 2020, "Masked Language Model Scoring", section 2.3). */
export const pseudoPerplexityEvaluation = defineEvaluation({
  id: 'pseudo-perplexity',
  title: 'Pseudo-perplexity',
  summary: 'Each token of a text masked in turn; each line is a sequence (Salazar et al. 2020).',
  tasks: ['masked-lm'],
  data: ['text', 'labelled'],
  parameters: z.strictObject({
    window: countParameter({
      label: 'Window',
      unit: 'tokens',
      help: `Maximum tokens per sequence without [CLS] and [SEP]; by default as many as the model's context holds, at most ${DEFAULT_WINDOW}.`,
    }),
    maxTokens: countParameter({
      label: 'Tokens',
      help: 'Maximum number of masked tokens; by default the whole text.',
      initial: 200,
    }),
  }),
  quick: { maxTokens: 64 },
  figures: [
    {
      id: 'pseudoPerplexity',
      title: 'Pseudo-perplexity',
      hint: 'Each token masked in turn; lower is better.',
      format: 'number',
      better: 'lower',
      interval: true,
    },
    ...DIVERGENCE_FIGURES,
  ],
  async measure(models, data, { window: chosen, maxTokens }, options) {
    requireText(data);
    const window = chosen ?? Math.min(DEFAULT_WINDOW, models.config.contextLength - SPECIAL_TOKENS);
    const sequences = encodeUpTo(maxTokens, models.tokenizer, sentencesOf(data));
    const label = `Pseudo-perplexity on ${data.name}`;
    const scores = await scoreMasked(models, sequences, { window, maxTokens }, label, options);
    return scores.map((rows) => ({
      figures: { pseudoPerplexity: perplexityOf(rows), ...divergenceValues(rows) },
      count: rows.losses.length,
      protocol: `${data.name}, ${rows.losses.length} tokens masked one by one, a line a sequence, at most ${window} tokens`,
    }));
  },
});

/**
 * Scores each token of the sequences, masked in turn.
 *
 * @param sequences ids without special tokens; those longer than the window are split
 * @throws EvaluationError if the window does not fit the model, the text has no tokens or the tokenizer has no [MASK]
 */
async function scoreMasked(
  models: ModelsUnderTest,
  sequences: readonly (readonly number[])[],
  { window, maxTokens }: { readonly window: number; readonly maxTokens?: number },
  label: string,
  { signal, onProgress }: OperationOptions,
): Promise<ScoredRows[]> {
  const longest = models.config.contextLength - SPECIAL_TOKENS;
  if (window > longest) {
    throw new EvaluationError(`A window of ${window} tokens does not fit this model; use 1 to ${longest}.`);
  }
  const special = specialTokensOf(models.tokenizer);
  const pieces = cut(sequences, window, maxTokens);
  const total = pieces.reduce((sum, { scored }) => sum + scored, 0);
  if (total === 0) throw new EvaluationError('The text has no tokens; pseudo-perplexity needs at least one.');
  const scores: (readonly ScoredRows[])[] = [];
  let done = 0;
  const report = () => onProgress?.({ label, done, total, unit: 'tokens' });
  for (const { ids, scored } of pieces) {
    for (let first = 0; first < scored; first += MASKS_PER_BATCH) {
      signal?.throwIfAborted();
      report();
      const count = Math.min(MASKS_PER_BATCH, scored - first);
      const { batch, targets } = maskedBatch(ids, first, count, special);
      scores.push(await models.score(batch, targets));
      done += count;
    }
  }
  report();
  return joinScores(scores);
}

interface SpecialTokens {
  readonly cls: number;
  readonly sep: number;
  readonly mask: number;
}

function specialTokensOf({ specialTokens: { cls, sep, mask } }: TextTokenizer): SpecialTokens {
  if (cls === undefined || sep === undefined || mask === undefined) {
    throw new EvaluationError(
      'This tokenizer lacks [CLS], [SEP] or [MASK]; pseudo-perplexity needs all three.',
    );
  }
  return { cls, sep, mask };
}

/** Encodes only as many sentences as contain `maxTokens`; encoding a whole book would block the thread. */
function encodeUpTo(
  maxTokens = Infinity,
  tokenizer: TextTokenizer,
  sentences: readonly string[],
): number[][] {
  const sequences: number[][] = [];
  let tokens = 0;
  for (const sentence of sentences) {
    if (tokens >= maxTokens) break;
    const ids = tokenizer.encode(sentence, { addSpecialTokens: false });
    tokens += ids.length;
    sequences.push(ids);
  }
  return sequences;
}

function cut(
  sequences: readonly (readonly number[])[],
  window: number,
  maxTokens = Infinity,
): { ids: readonly number[]; scored: number }[] {
  const pieces: { ids: readonly number[]; scored: number }[] = [];
  let left = maxTokens;
  for (const sequence of sequences) {
    for (let start = 0; start < sequence.length && left > 0; start += window) {
      const ids = sequence.slice(start, start + window);
      const scored = Math.min(ids.length, left);
      pieces.push({ ids, scored });
      left -= scored;
    }
  }
  return pieces;
}

function maskedBatch(
  ids: readonly number[],
  first: number,
  count: number,
  { cls, sep, mask }: SpecialTokens,
): { batch: TokenBatch; targets: Int32Array } {
  const length = ids.length + SPECIAL_TOKENS;
  const rows = new Int32Array(count * length);
  const targets = new Int32Array(count * length).fill(-1);
  for (let row = 0; row < count; row++) {
    rows.set([cls, ...ids, sep], row * length);
    const position = row * length + 1 + first + row;
    targets[position] = rows[position];
    rows[position] = mask;
  }
  return { batch: { ids: rows, batch: count, length }, targets };
}
