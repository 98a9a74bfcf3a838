import { accuracy } from '../evaluation/accuracy';
import type { DivergenceMetrics } from '../evaluation/divergence-metrics';
import { parseLabelledText } from '../evaluation/labelled-text';
import { perplexity } from '../evaluation/perplexity';
import { pseudoPerplexity } from '../evaluation/pseudo-perplexity';
import type { Model } from '../model/model';
import type { TextTokenizer } from '../tokenizer/text-tokenizer';
import { LabError } from './lab-error';
import type { DataSet, EvaluationRequest, Metrics, OperationOptions } from './protocol';

/**
 * Evaluates the base and variants as asked.
 * @returns the base's metrics first, then the variants' in order
 */
export async function runEvaluation(
  base: Model,
  variants: readonly Model[],
  tokenizer: TextTokenizer,
  request: EvaluationRequest,
  options: OperationOptions,
): Promise<Metrics[]> {
  if (request.kind === 'perplexity') return evaluatePerplexity(base, variants, tokenizer, request, options);
  if (request.kind === 'pseudo-perplexity')
    return evaluatePseudoPerplexity(base, variants, tokenizer, request, options);
  return evaluateAccuracy(base, variants, tokenizer, request, options);
}

type RequestOf<Kind extends EvaluationRequest['kind']> = Extract<EvaluationRequest, { kind: Kind }>;

async function evaluatePerplexity(
  base: Model,
  variants: readonly Model[],
  tokenizer: TextTokenizer,
  { data, window, stride, maxWindows }: RequestOf<'perplexity'>,
  { signal, onProgress }: OperationOptions,
): Promise<Metrics[]> {
  requireText(data);
  const ids = await encodeWithin(tokenizer, data, { signal, onProgress });
  const label = `Perplexity on ${data.name}`;
  const results = await perplexity(base, variants, ids, {
    window,
    stride,
    maxWindows,
    signal,
    onProgress: (done, total) => onProgress?.({ label, done, total, unit: 'windows' }),
  });
  return results.map(({ perplexity: value, predictions, windows, divergence }) => ({
    perplexity: value,
    ...flatten(divergence),
    count: predictions,
    protocol: `${data.name}, ${windows} window${windows === 1 ? '' : 's'} of ${window} tokens, stride ${stride}`,
  }));
}

async function evaluatePseudoPerplexity(
  base: Model,
  variants: readonly Model[],
  tokenizer: TextTokenizer,
  { data, window, maxTokens }: RequestOf<'pseudo-perplexity'>,
  { signal, onProgress }: OperationOptions,
): Promise<Metrics[]> {
  requireText(data);
  const { cls, sep, mask } = tokenizer.specialTokens;
  if (cls === undefined || sep === undefined || mask === undefined) {
    throw new LabError('This tokenizer has no [CLS], [SEP] and [MASK]; a pseudo-perplexity needs them.');
  }
  const lines = textLines(data);
  const sequences = lines.map((line) => tokenizer.encode(line, { addSpecialTokens: false }));
  const label = `Pseudo-perplexity on ${data.name}`;
  const results = await pseudoPerplexity(base, variants, sequences, {
    window,
    maxTokens,
    specialTokens: { cls, sep, mask },
    signal,
    onProgress: (done, total) => onProgress?.({ label, done, total, unit: 'tokens' }),
  });
  return results.map(({ pseudoPerplexity: value, predictions, divergence }) => ({
    pseudoPerplexity: value,
    ...flatten(divergence),
    count: predictions,
    protocol: `${data.name}, ${predictions} tokens masked one by one, a line a sequence, at most ${window} tokens`,
  }));
}

async function evaluateAccuracy(
  base: Model,
  variants: readonly Model[],
  tokenizer: TextTokenizer,
  { data, maxExamples }: RequestOf<'accuracy'>,
  { signal, onProgress }: OperationOptions,
): Promise<Metrics[]> {
  const { labels, contextLength } = base.config;
  if (!labels) throw new LabError('Accuracy is for sequence classifiers; this model has another head.');
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
    ...flatten(divergence),
    count,
    protocol: `${data.name}, ${count} examples, at most ${contextLength} tokens each`,
  }));
}

/** Ids with the special tokens, cut to the context with the last one kept. */
export function encodeSentence(tokenizer: TextTokenizer, text: string, contextLength: number): number[] {
  const ids = tokenizer.encode(text);
  if (ids.length <= contextLength) return ids;
  return [...ids.slice(0, contextLength - 1), ids[ids.length - 1]];
}

async function encodeWithin(
  tokenizer: TextTokenizer,
  data: DataSet,
  { signal, onProgress }: OperationOptions,
): Promise<number[]> {
  const label = `Tokenizing ${data.name}`;
  const characters = data.content.length;
  return tokenizer.encodeLong(data.content, {
    signal,
    onProgress: (share) => {
      const done = Math.round(share * characters);
      onProgress?.({ label, done, total: characters, unit: 'characters' });
    },
  });
}

/** A labelled set gives its sentences. */
function textLines({ kind, content }: DataSet): string[] {
  const lines = content
    .split(/\r?\n/)
    .map((line) => (kind === 'labelled' ? line.split('\t')[0] : line).trim());
  return lines.filter((line) => line !== '');
}

function requireText({ name, content }: DataSet): void {
  if (content.trim() === '') throw new LabError(`${name} is empty; choose a text with some words in it.`);
}

function flatten(divergence: DivergenceMetrics | undefined): Partial<Metrics> {
  return divergence ? { meanKl: divergence.meanKl, kl99: divergence.kl99, sameTop: divergence.sameTop } : {};
}
