import type { CalibrationBatch, CalibrationSequences } from '../compression/calibration';
import { encodeSentence } from '../evaluation/evaluation-text';
import { parseLabelledText } from '../evaluation/labelled-text';
import type { ModelConfig } from '../model/model';
import { seeded } from '../model/sampling';
import type { TextTokenizer } from '../tokenizer/text-tokenizer';
import { LabError } from './lab-error';
import type { CalibrationSettings, DataSet } from './protocol';

/** Tokens that run together; so many rows of logits are the largest tensor. */
const TOKENS_A_BATCH = 2048;
const MOST_LOGITS = 16 * 1024 * 1024;

/**
 * Draws the sequences of a calibration by a seed: of a text, windows of equal length (between [CLS] and [SEP] where the model
 * wants these); of a labelled set, whole examples.
 *
 * @throws LabError where the text is too short for one sequence, or a length beyond the model's context is asked for
 */
export async function drawCalibration(
  data: DataSet,
  settings: CalibrationSettings,
  { tokenizer, config }: { readonly tokenizer: TextTokenizer; readonly config: ModelConfig },
  signal?: AbortSignal,
): Promise<CalibrationSequences> {
  requireFittingLength(settings, config);
  const random = seeded(settings.seed);
  const batchSize = batchOf(settings.length, config);
  const batches =
    data.kind === 'labelled'
      ? labelledBatches(data, settings, { tokenizer, config }, random, batchSize)
      : await textBatches(data, settings, { tokenizer, config }, random, batchSize, signal);
  return { text: data.name, batches, maskToken: tokenizer.specialTokens.mask };
}

/** Sequences that run together. */
export function batchOf(length: number, { vocabularySize }: ModelConfig): number {
  const tokens = Math.min(TOKENS_A_BATCH, Math.floor(MOST_LOGITS / vocabularySize));
  return Math.max(1, Math.floor(tokens / length));
}

function requireFittingLength({ length }: CalibrationSettings, { contextLength }: ModelConfig): void {
  if (length <= contextLength) return;
  throw new LabError(
    `Calibration sequences of ${length} tokens are longer than the ${contextLength} positions of this model; use a length of at most ${contextLength}.`,
  );
}

interface Encoding {
  readonly tokenizer: TextTokenizer;
  readonly config: ModelConfig;
}

async function textBatches(
  data: DataSet,
  { sequences, length }: CalibrationSettings,
  { tokenizer, config }: Encoding,
  random: () => number,
  batchSize: number,
  signal?: AbortSignal,
): Promise<CalibrationBatch[]> {
  const around = config.task === 'causal-lm' ? [] : tokenizer.encode('');
  const [first, last] = around.length === 2 ? [around.slice(0, 1), around.slice(1)] : [[], []];
  const inner = length - first.length - last.length;
  const ids = await encoded(data.content, tokenizer, signal);
  if (inner < 1 || ids.length < inner) {
    throw new LabError(
      `${data.name} holds ${ids.length} tokens, too few for a calibration sequence of ${length}; use a longer text or shorter sequences.`,
    );
  }
  const drawn = Array.from({ length: sequences }, () => {
    const start = Math.floor(random() * (ids.length - inner + 1));
    return [...first, ...ids.slice(start, start + inner), ...last];
  });
  return inBatches(drawn, batchSize).map((rows) => ({
    ids: Int32Array.from(rows.flat()),
    batch: rows.length,
    length,
  }));
}

/** The text that was encoded last: recipes are tried one after the other with the same. */
const lastEncoded = new WeakMap<TextTokenizer, { readonly content: string; readonly ids: number[] }>();

async function encoded(content: string, tokenizer: TextTokenizer, signal?: AbortSignal): Promise<number[]> {
  const last = lastEncoded.get(tokenizer);
  if (last?.content === content) return last.ids;
  const ids = await tokenizer.encodeLong(content, { signal });
  lastEncoded.set(tokenizer, { content, ids });
  return ids;
}

function labelledBatches(
  data: DataSet,
  { sequences, length }: CalibrationSettings,
  { tokenizer, config }: Encoding,
  random: () => number,
  batchSize: number,
): CalibrationBatch[] {
  if (!config.labels) {
    throw new LabError(
      `${data.name} is a labelled set, which this ${config.task} model has no use for; calibrate with a plain text.`,
    );
  }
  const examples = parseLabelledText(data.content, config.labels, data.name);
  const drawn = shuffled(examples, random)
    .slice(0, sequences)
    .map(({ text, label }) => ({ ids: encodeSentence(tokenizer, text, length), label }));
  return inBatches(drawn, batchSize).map((rows) => {
    const longest = Math.max(...rows.map(({ ids }) => ids.length));
    const ids = new Int32Array(rows.length * longest);
    rows.forEach((row, index) => ids.set(row.ids, index * longest));
    return {
      ids,
      batch: rows.length,
      length: longest,
      lengths: rows.map((row) => row.ids.length),
      labels: Int32Array.from(rows, ({ label }) => label),
    };
  });
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items];
  for (let index = result.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [result[index], result[other]] = [result[other], result[index]];
  }
  return result;
}

function inBatches<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
