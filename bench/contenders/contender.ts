/** Generated ids, and the time for those after the first. */
export interface Decoded {
  readonly ids: readonly number[];
  /** From the moment the first id was on the CPU until the last one was. */
  readonly milliseconds: number;
}

/**
 * An implementation of GPT-2 in a browser. Every contender runs alone in its page, and its GPU allocations are
 * counted at the WebGPU interface (`page/gpu-meter.ts`), the same way for all.
 */
export interface Contender {
  /** From the URLs of the files to a model ready for requests. */
  load(): Promise<void>;
  /** Runs the tokens through an empty model. @returns the most likely next id, once it is on the CPU */
  prefill(tokens: Int32Array): Promise<number>;
  /** Greedy continuation with a key/value cache: the id that follows the prompt, and `count` more, one by one. */
  decode(prompt: Int32Array, count: number): Promise<Decoded>;
  dispose(): Promise<void>;
}

/** Collects `count + 1` ids from a generator and times those after the first. */
export async function timeTokens(ids: AsyncIterable<number>): Promise<Decoded> {
  const collected: number[] = [];
  let first = 0;
  for await (const id of ids) {
    collected.push(id);
    if (collected.length === 1) first = performance.now();
  }
  return { ids: collected, milliseconds: performance.now() - first };
}
