import { Decoding, type DecodingOptions } from './decoding';
import type { CausalModel } from '../causal-model';

export interface SamplingOptions extends DecodingOptions {
  readonly endOfText?: number;
  readonly signal?: AbortSignal;
}

/**
 * Continues a prompt token by token, with a key/value cache, until `maxNewTokens`, the end of text, or the end of the context.
 * The GPU works on the next token while an id is read back.
 * @throws Error for an empty prompt or one that fills the context
 */
export async function* generate(
  model: CausalModel,
  prompt: Int32Array,
  options: SamplingOptions,
): AsyncGenerator<number, void, undefined> {
  const { contextLength } = model.config;
  const { maxNewTokens, endOfText, signal } = options;
  if (prompt.length === 0) throw new Error('The prompt is empty; write a word or more to continue from.');
  if (prompt.length >= contextLength) {
    throw new Error(
      `The prompt is ${prompt.length} tokens long and the model has ${contextLength} positions; shorten it to leave room.`,
    );
  }
  if (maxNewTokens < 1) return;
  const decoding = new Decoding(model, prompt.length, options);
  try {
    decoding.submitPrompt(prompt);
    for (let awaited = 1; awaited > 0; awaited--) {
      signal?.throwIfAborted();
      if (decoding.stepsLeft > 0) {
        decoding.submitStep();
        awaited++;
      }
      const id = await decoding.read();
      if (id === endOfText) return;
      yield id;
    }
  } finally {
    decoding.dispose();
  }
}
