import { accuracy } from './accuracy';
import type { Evaluation, EvaluationRequest } from './evaluation';
import { EvaluationError } from './evaluation-error';
import { encodeSentence } from './evaluation-text';
import { parseLabelledText } from './labelled-text';

export interface AccuracyRequest extends EvaluationRequest {
  readonly kind: 'accuracy';
  readonly maxExamples?: number;
}

export const accuracyEvaluation: Evaluation<AccuracyRequest> = {
  kind: 'accuracy',
  task: 'sequence-classification',
  async measure({ base, variants, tokenizer }, { data, maxExamples }, { signal, onProgress }) {
    const { labels, contextLength } = base.config;
    if (!labels)
      throw new EvaluationError('Accuracy is for sequence classifiers; this model has another head.');
    const examples = parseLabelledText(data.content, labels, data.name, maxExamples);
    const encoded = examples.map(({ text, label }) => ({
      ids: encodeSentence(tokenizer, text, contextLength),
      label,
    }));
    const label = `Accuracy on ${data.name}`;
    const results = await accuracy(base, variants, encoded, {
      signal,
      onProgress: (done, total) => onProgress?.({ label, done, total, unit: 'examples' }),
    });
    return results.map(({ accuracy: value, f1, examples: count, divergence, accuracyDifference }) => ({
      accuracy: value,
      f1,
      accuracyDifference,
      ...divergence,
      count,
      protocol: `${data.name}, ${count} examples, at most ${contextLength} tokens each`,
    }));
  },
};
