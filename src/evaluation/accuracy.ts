import { limitFreeBuffers } from '../engines/webgpu/memory';
import { readFloats } from '../engines/webgpu/transfer';
import type { Model } from '../model/model';
import { type DivergenceMetrics, divergenceMetrics } from './divergence-metrics';
import { EvaluationError } from './evaluation-error';
import { type Estimate, shareWithError } from './statistics';

export interface EncodedExample {
  /** With [CLS] and [SEP]; cut to the model's context. */
  readonly ids: readonly number[];
  readonly label: number;
}

export interface AccuracyOptions {
  readonly signal?: AbortSignal;
  onProgress?(examplesDone: number, examples: number): void;
}

export interface AccuracyResult {
  readonly accuracy: Estimate;
  /** Of label 1 where there are two labels, else the mean over all labels (macro). */
  readonly f1: number;
  readonly examples: number;
  readonly divergence?: DivergenceMetrics;
  /** Variant − base. */
  readonly accuracyDifference?: number;
}

/** Examples that go through the model together; sorted by length, so that little of a batch is padding. */
const EXAMPLES_A_BATCH = 16;

/**
 * Accuracy of a classifier and of its variants.
 * @returns the base's result, then the variants' in order
 * @throws EvaluationError where the model is no classifier
 */
export async function accuracy(
  base: Model,
  variants: readonly Model[],
  examples: readonly EncodedExample[],
  { signal, onProgress }: AccuracyOptions = {},
): Promise<AccuracyResult[]> {
  if (base.config.task !== 'sequence-classification') {
    throw new EvaluationError('Accuracy is for sequence classifiers; this model has another head.');
  }
  const models = [base, ...variants];
  const labelCount = base.config.labels!.length;
  const logits = models.map(() => new Float64Array(examples.length * labelCount));
  const order = Array.from(examples.keys()).sort(
    (left, right) => examples[left].ids.length - examples[right].ids.length,
  );
  for (let start = 0; start < order.length; start += EXAMPLES_A_BATCH) {
    signal?.throwIfAborted();
    onProgress?.(start, examples.length);
    const chosen = order.slice(start, start + EXAMPLES_A_BATCH);
    const batch = padded(chosen.map((index) => examples[index].ids));
    for (const [model, each] of models.entries()) {
      const tensor = each.logits(batch);
      const values = await readFloats(tensor);
      tensor.dispose();
      chosen.forEach((example, row) => {
        logits[model].set(values.subarray(row * labelCount, (row + 1) * labelCount), example * labelCount);
      });
    }
    limitFreeBuffers();
  }
  onProgress?.(examples.length, examples.length);
  const labels = examples.map(({ label }) => label);
  const baseAccuracy = score(logits[0], labels, labelCount).accuracy.value;
  return logits.map((values, model) => {
    const scored = score(values, labels, labelCount);
    if (model === 0) return scored;
    return {
      ...scored,
      divergence: compare(logits[0], values, labelCount),
      accuracyDifference: scored.accuracy.value - baseAccuracy,
    };
  });
}

function padded(sequences: readonly (readonly number[])[]) {
  const length = Math.max(...sequences.map((ids) => ids.length));
  const ids = new Int32Array(sequences.length * length);
  sequences.forEach((sequence, row) => ids.set(sequence, row * length));
  return { ids, batch: sequences.length, length, lengths: sequences.map((sequence) => sequence.length) };
}

function score(logits: Float64Array, labels: readonly number[], labelCount: number): AccuracyResult {
  const predictions = labels.map((_, example) => top(logits, example, labelCount));
  const hits = predictions.filter((prediction, example) => prediction === labels[example]).length;
  const f1 = f1Score(predictions, labels, labelCount);
  return { accuracy: shareWithError(hits, labels.length), f1, examples: labels.length };
}

/** F1 of label 1 where there are two labels, else the mean over all of them (macro). */
export function f1Score(
  predictions: readonly number[],
  labels: readonly number[],
  labelCount: number,
): number {
  const scored = labelCount === 2 ? [1] : Array.from({ length: labelCount }, (_, label) => label);
  return scored.reduce((sum, label) => sum + f1Of(label, predictions, labels), 0) / scored.length;
}

/** 2·TP / (2·TP + FP + FN); 0 where the label neither occurs nor is predicted. */
function f1Of(label: number, predictions: readonly number[], labels: readonly number[]): number {
  let [hits, predicted, present] = [0, 0, 0];
  labels.forEach((truth, example) => {
    if (truth === label) present++;
    if (predictions[example] === label) predicted++;
    if (truth === label && predictions[example] === label) hits++;
  });
  return predicted + present > 0 ? (2 * hits) / (predicted + present) : 0;
}

function compare(base: Float64Array, variant: Float64Array, labelCount: number): DivergenceMetrics {
  const kl: number[] = [];
  const sameTop: number[] = [];
  for (let example = 0; example < base.length / labelCount; example++) {
    const p = logProbabilities(base, example, labelCount);
    const q = logProbabilities(variant, example, labelCount);
    kl.push(p.reduce((sum, value, label) => sum + Math.exp(value) * (value - q[label]), 0));
    sameTop.push(Number(top(base, example, labelCount) === top(variant, example, labelCount)));
  }
  return divergenceMetrics(kl, sameTop);
}

function top(logits: Float64Array, example: number, labelCount: number): number {
  const row = logits.subarray(example * labelCount, (example + 1) * labelCount);
  return row.indexOf(Math.max(...row));
}

function logProbabilities(logits: Float64Array, example: number, labelCount: number): number[] {
  const row = Array.from(logits.subarray(example * labelCount, (example + 1) * labelCount));
  const greatest = Math.max(...row);
  const total = Math.log(row.reduce((sum, value) => sum + Math.exp(value - greatest), 0)) + greatest;
  return row.map((value) => value - total);
}
