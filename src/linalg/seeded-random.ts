/** Uniform numbers in [0, 1) from a seed (Tommy Ettinger's mulberry32). */
export function seededUniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draws `count` different integers below `limit`, in random order. @throws Error if there are fewer than `count` */
export function drawDifferent(count: number, limit: number, random: () => number): Uint32Array {
  if (count > limit) throw new Error(`There are no ${count} different integers below ${limit}.`);
  // First steps of a Fisher–Yates shuffle that stores only the exchanged entries.
  const moved = new Map<number, number>();
  return Uint32Array.from({ length: count }, (_, index) => {
    const other = index + Math.floor(random() * (limit - index));
    const drawn = moved.get(other) ?? other;
    moved.set(other, moved.get(index) ?? index);
    return drawn;
  });
}
