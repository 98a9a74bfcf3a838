import { seeded } from '../../model/generation/sampling';

/**
 * A generator of its own for each step of a run, so that any step can be drawn without those before it. Seeds and steps that
 * lie side by side give unlike numbers: both go through the finalizer of MurmurHash3 (Appleby 2011).
 *
 * @param seed integer
 * @param step integer
 * @returns uniform in [0, 1)
 */
export function randomOfStep(seed: number, step: number): () => number {
  return seeded(mixed(mixed(seed) + step));
}

/** `fmix32` of MurmurHash3: every bit of the input changes about half of the output's 32. */
export function mixed(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
