import { z } from 'zod';
import type { TokenBatch } from '../../model/model';
import type { OperationOptions } from '../../progress/progress';
import { DIVERGENCE_FIGURES, divergenceValues } from '../divergence';
import { defineEvaluation, type ModelsUnderTest } from '../evaluation';
import { countParameter } from '../count-parameter';
import { shareWithError } from '../statistics';
import { encodeSentence } from '../texts/evaluation-text';
import { parseLabelledText } from '../texts/labelled-text';
import { f1Score } from './f1-score';

/** Examples per batch, sorted by length to minimize padding. */
const EXAMPLES_PER_BATCH = 16;

export const accuracyEvaluation = defineEvaluation({
  id: 'accuracy',
  title: 'Accuracy',
  summary: 'Labelled sentences, classified one by one.',
  tasks: ['sequence-classification'],
  data: ['labelled'],
  parameters: z.strictObject({
    maxExamples: countParameter({
      label: 'Examples',
      help: 'Maximum number of examples; by default all.',
      initial: 200,
    }),
  }),
  quick: { maxExamples: 64 },
  figures: [
    {
      id: 'accuracy',
      title: 'Accuracy',
      hint: 'Share of sentences classified correctly.',
      format: 'percent',
      better: 'higher',
      interval: true,
    },
    {
      id: 'f1',
      title: 'F1',
      hint: 'Harmonic mean of precision and recall of label 1; with more than two labels, the mean over all labels (macro).',
      format: 'number',
      better: 'higher',
      interval: false,
    },
    {
      id: 'accuracyDifference',
      title: 'Accuracy gained',
      hint: 'Accuracy of the variant minus that of the base.',
      format: 'percent',
      better: 'higher',
      interval: false,
      isDetail: true,
    },
    ...DIVERGENCE_FIGURES,
  ],
  async measure(models, data, { maxExamples }, options) {
    const { contextLength } = models.config;
    const examples = parseLabelledText(data.content, models.config.labels!, data.name, maxExamples);
    const encoded = examples.map(({ text, label }) => ({
      ids: encodeSentence(models.tokenizer, text, contextLength),
      label,
    }));
    const figures = await scoreExamples(models, encoded, `Accuracy on ${data.name}`, options);
    return figures.map((modelFigures) => ({
      figures: modelFigures,
      count: examples.length,
      protocol: `${data.name}, ${examples.length} examples, at most ${contextLength} tokens each`,
    }));
  },
});

/** Token ids of a sentence with [CLS] and [SEP], truncated to the model's context. */
interface EncodedExample {
  readonly ids: readonly number[];
  readonly label: number;
}

/** Classifies the examples with every model. @returns the base's figures first, then the variants' in order */
async function scoreExamples(
  models: ModelsUnderTest,
  examples: readonly EncodedExample[],
  label: string,
  options: OperationOptions,
) {
  const logits = await logitsOf(
    models,
    examples.map(({ ids }) => ids),
    label,
    options,
  );
  const truth = examples.map((example) => example.label);
  const labelCount = models.config.labels!.length;
  const [base, ...variants] = logits.map((rows) => {
    const predictions = rows.map(top);
    const hits = predictions.filter((prediction, example) => prediction === truth[example]).length;
    return { accuracy: shareWithError(hits, truth.length), f1: f1Score(predictions, truth, labelCount) };
  });
  return [
    base,
    ...variants.map((scored, index) => ({
      ...scored,
      accuracyDifference: scored.accuracy.value - base.accuracy.value,
      ...divergenceBetween(logits[0], logits[index + 1]),
    })),
  ];
}

/** [model][example][label] */
async function logitsOf(
  models: ModelsUnderTest,
  sequences: readonly (readonly number[])[],
  label: string,
  { signal, onProgress }: OperationOptions,
): Promise<number[][][]> {
  const order = Array.from(sequences.keys()).sort(
    (left, right) => sequences[left].length - sequences[right].length,
  );
  const report = (done: number) => onProgress?.({ label, done, total: sequences.length, unit: 'examples' });
  const logits: number[][][] = [];
  for (let start = 0; start < order.length; start += EXAMPLES_PER_BATCH) {
    signal?.throwIfAborted();
    report(start);
    const chosen = order.slice(start, start + EXAMPLES_PER_BATCH);
    const results = await models.logits(padded(chosen.map((index) => sequences[index])));
    results.forEach((values, model) => {
      const rows = (logits[model] ??= []);
      const width = values.length / chosen.length;
      chosen.forEach((example, row) => {
        rows[example] = Array.from(values.subarray(row * width, (row + 1) * width));
      });
    });
  }
  report(sequences.length);
  return logits;
}

function padded(sequences: readonly (readonly number[])[]): TokenBatch {
  const length = Math.max(...sequences.map((ids) => ids.length));
  const ids = new Int32Array(sequences.length * length);
  sequences.forEach((sequence, row) => ids.set(sequence, row * length));
  return { ids, batch: sequences.length, length, lengths: sequences.map((sequence) => sequence.length) };
}

function divergenceBetween(base: readonly number[][], variant: readonly number[][]) {
  const kl = base.map((row, example) => {
    const [p, q] = [logProbabilities(row), logProbabilities(variant[example])];
    return p.reduce((sum, value, label) => sum + Math.exp(value) * (value - q[label]), 0);
  });
  const sameTop = base.map((row, example) => Number(top(row) === top(variant[example])));
  return divergenceValues({ kl, sameTop });
}

function top(logits: readonly number[]): number {
  return logits.indexOf(Math.max(...logits));
}

function logProbabilities(logits: readonly number[]): number[] {
  const greatest = Math.max(...logits);
  const total = Math.log(logits.reduce((sum, value) => sum + Math.exp(value - greatest), 0)) + greatest;
  return logits.map((value) => value - total);
}
