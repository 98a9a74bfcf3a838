import { seeded } from '../../model/generation/sampling';

/**
 * Random generator for one step of a run, independent of the steps before it. Adjacent seeds and steps give unrelated
 * numbers, because both pass through the finalizer of MurmurHash3 (Appleby 2011).
 *
 * @param seed integer
 * @param step integer
 * @returns uniform in [0, 1)
 */
export function randomOfStep(seed: number, step: number): () => number {
  return seeded(mixBits(mixBits(seed) + step));
}

/** `fmix32` of MurmurHash3: every bit of the input changes about half of the 32 output bits. */
export function mixBits(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
