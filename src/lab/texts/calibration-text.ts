import type { CalibrationBatch, CalibrationSequences } from '../../compression/calibration/calibration';
import { encodeSentence } from '../../evaluation/texts/evaluation-text';
import { parseLabelledText } from '../../evaluation/texts/labelled-text';
import type { ModelConfig } from '../../model/model';
import { seeded } from '../../model/generation/sampling';
import { encodedText } from './encoded-text';
import { LabError } from '../lab-error';
import type { CalibrationSettings, DataSet } from '../protocol/protocol';
import {
  type Encoding,
  inBatches,
  innerLength,
  sentenceBatch,
  shuffled,
  specialTokensOf,
  windowBatch,
} from './sequence-batches';

/** Tokens per batch; as many rows of logits are the largest tensor. */
const TOKENS_PER_BATCH = 2048;
const MOST_LOGITS = 16 * 1024 * 1024;

/**
 * Draws seeded calibration sequences: windows of equal length from a text (between [CLS] and [SEP] if the model uses them),
 * or whole examples from a labelled set.
 *
 * @throws LabError if the text is too short for one sequence, or the length exceeds the model's context
 */
export async function drawCalibration(
  data: DataSet,
  settings: CalibrationSettings,
  encoding: Encoding,
  signal?: AbortSignal,
): Promise<CalibrationSequences> {
  const { tokenizer, config } = encoding;
  requireFittingLength(settings, config);
  const random = seeded(settings.seed);
  const batchSize = batchOf(settings.length, config);
  const batches =
    data.kind === 'labelled'
      ? labelledBatches(data, settings, encoding, random, batchSize)
      : await textBatches(data, settings, encoding, random, batchSize, signal);
  return { text: data.name, batches, maskToken: tokenizer.specialTokens.mask };
}

/** Number of sequences per batch. */
export function batchOf(length: number, { vocabularySize }: ModelConfig): number {
  const tokens = Math.min(TOKENS_PER_BATCH, Math.floor(MOST_LOGITS / vocabularySize));
  return Math.max(1, Math.floor(tokens / length));
}

function requireFittingLength({ length }: CalibrationSettings, { contextLength }: ModelConfig): void {
  if (length <= contextLength) return;
  throw new LabError(
    `Calibration sequences of ${length} tokens are longer than the ${contextLength} positions of this model; use a length of at most ${contextLength}.`,
  );
}

async function textBatches(
  data: DataSet,
  { sequences, length }: CalibrationSettings,
  encoding: Encoding,
  random: () => number,
  batchSize: number,
  signal?: AbortSignal,
): Promise<CalibrationBatch[]> {
  const around = specialTokensOf(encoding);
  const inner = innerLength(length, around);
  const ids = await encodedText(data.content, encoding.tokenizer, { signal });
  if (inner < 1 || ids.length < inner) {
    throw new LabError(
      `${data.name} has ${ids.length} tokens, too few for a calibration sequence of ${length}; use a longer text or shorter sequences.`,
    );
  }
  const starts = Array.from({ length: sequences }, () => Math.floor(random() * (ids.length - inner + 1)));
  return inBatches(starts, batchSize).map((some) => windowBatch(ids, some, length, around));
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
      `${data.name} is a labelled set, which this ${config.task} model cannot use; calibrate with a plain text.`,
    );
  }
  const examples = parseLabelledText(data.content, config.labels, data.name);
  const drawn = shuffled(examples, random).slice(0, sequences);
  return inBatches(drawn, batchSize).map((rows) => ({
    ...sentenceBatch(rows.map(({ text }) => encodeSentence(tokenizer, text, length))),
    labels: Int32Array.from(rows, ({ label }) => label),
  }));
}
