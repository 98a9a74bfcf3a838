import { encodeSentence } from '../evaluation/texts/evaluation-text';
import { readFloats } from '../engines/webgpu/transfer';
import type { DecodingOptions } from '../model/generation/decoding';
import { generate } from '../model/generation/generate';
import { type CausalModel, isCausal } from '../model/causal-model';
import type { Model } from '../model/model';
import type { TextTokenizer } from '../tokenizer/text-tokenizer';
import { LabError } from './lab-error';

/** Text with decoding options, which only causal models use. */
export interface GenerationRequest extends DecodingOptions {
  readonly prompt: string;
}

export interface GeneratedToken {
  readonly id: number;
  readonly text: string;
}

export interface TextPrediction {
  /** causal-lm: continuation by token. */
  readonly tokens?: readonly GeneratedToken[];
  /** sequence-classification: probability of each label. */
  readonly labels?: readonly { label: string; probability: number }[];
  /** masked-lm: candidates for each [MASK]. */
  readonly masks?: readonly {
    position: number;
    candidates: readonly { token: string; probability: number }[];
  }[];
}

export interface PredictOptions {
  readonly signal?: AbortSignal;
  readonly onToken?: (token: GeneratedToken) => void;
}

/** Candidates shown for a masked token. */
const CANDIDATES = 5;

/** Prediction of a model for a text: a continuation, label probabilities or candidates for its masks. */
export async function predict(
  model: Model,
  tokenizer: TextTokenizer,
  request: GenerationRequest,
  options: PredictOptions,
): Promise<TextPrediction> {
  if (request.prompt.trim() === '') throw new LabError('The text is empty; write at least one word.');
  if (isCausal(model)) return continueText(model, tokenizer, request, options);
  const ids = encodeSentence(tokenizer, request.prompt, model.config.contextLength);
  const logits = model.logits({ ids: Int32Array.from(ids), batch: 1, length: ids.length });
  const values = await readFloats(logits);
  logits.dispose();
  if (model.config.task === 'sequence-classification')
    return { labels: classify(values, model.config.labels!) };
  return { masks: fillMasks(values, ids, tokenizer, model.config.vocabularySize) };
}

async function continueText(
  model: CausalModel,
  tokenizer: TextTokenizer,
  { prompt, maxNewTokens, temperature, topK, topP, seed }: GenerationRequest,
  { signal, onToken }: PredictOptions,
): Promise<TextPrediction> {
  const ids = tokenizer.encode(prompt, { addSpecialTokens: false });
  const tokens: GeneratedToken[] = [];
  const endOfText = tokenizer.specialTokens.eos;
  const sampling = { maxNewTokens, temperature, topK, topP, seed, endOfText, signal };
  for await (const id of generate(model, Int32Array.from(ids), sampling)) {
    const token = { id, text: tokenizer.token(id) };
    tokens.push(token);
    onToken?.(token);
  }
  return { tokens };
}

function classify(logits: Float32Array, labels: readonly string[]): { label: string; probability: number }[] {
  const probabilities = softmax(logits);
  return labels.map((label, index) => ({ label, probability: probabilities[index] }));
}

function fillMasks(
  logits: Float32Array,
  ids: readonly number[],
  tokenizer: TextTokenizer,
  vocabularySize: number,
): NonNullable<TextPrediction['masks']> {
  const positions = Array.from(ids.keys()).filter(
    (position) => ids[position] === tokenizer.specialTokens.mask,
  );
  if (positions.length === 0)
    throw new LabError('The text has no [MASK]; put one where the model should guess.');
  return positions.map((position) => {
    const probabilities = softmax(
      logits.subarray(position * vocabularySize, (position + 1) * vocabularySize),
    );
    const best = Array.from(probabilities.keys())
      .sort((left, right) => probabilities[right] - probabilities[left])
      .slice(0, CANDIDATES);
    return {
      position,
      candidates: best.map((id) => ({ token: tokenizer.token(id), probability: probabilities[id] })),
    };
  });
}

function softmax(logits: Float32Array): Float64Array {
  const greatest = logits.reduce((left, right) => Math.max(left, right), -Infinity);
  const weights = Float64Array.from(logits, (value) => Math.exp(value - greatest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
