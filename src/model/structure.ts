/**
 * Which parts of a checkpoint a model still has. Blocks keep the numbers that their modules' names carry, so that a model
 * with fewer of them can be compared with its base name by name.
 */
export interface ModelStructure {
  /** In the order in which they run. */
  readonly blocks: readonly BlockStructure[];
  /** Share of each token's activations that one block hands to the next; absent: all. */
  readonly keptActivations?: number;
  /** Everything between two operations is rounded to 8 bits, blocks of so many values with a scale of their own; absent: float32. */
  readonly blockwiseInt8?: number;
}

export interface BlockStructure {
  /** Number of the block in the checkpoint. */
  readonly index: number;
  /** Without it: x passes on; its matrices are gone, and in generation it has no cache. */
  readonly hasAttention: boolean;
  readonly hasFeedForward: boolean;
  /** Attention heads that are left, ascending, by their number in the checkpoint; absent: all. */
  readonly keptHeads?: readonly number[];
  /** Neurons of the feed-forward layer that are left, likewise. */
  readonly keptNeurons?: readonly number[];
}

/** What a dimension of a matrix, or a vector, is made of: so many runs of all heads, or of all neurons. */
export interface Members {
  readonly of: 'heads' | 'neurons';
  /** 3 where query, key and value lie one after the other. */
  readonly runs: number;
}

/** What members are counted in. */
export interface MemberCounts {
  readonly width: number;
  readonly heads: number;
  readonly feedForwardWidth: number;
}

/** Every block with all of its parts. */
export function wholeStructure(layers: number): ModelStructure {
  return {
    blocks: Array.from({ length: layers }, (_, index) => ({
      index,
      hasAttention: true,
      hasFeedForward: true,
    })),
  };
}

/** Elements along a dimension of these members in a block. */
export function memberLength({ of, runs }: Members, block: BlockStructure, counts: MemberCounts): number {
  const headWidth = counts.width / counts.heads;
  if (of === 'heads') return runs * headWidth * (block.keptHeads?.length ?? counts.heads);
  return runs * (block.keptNeurons?.length ?? counts.feedForwardWidth);
}

/** The checkpoint's indices, ascending, of the elements that a block still has along a dimension of these members. */
export function memberIndices(
  { of, runs }: Members,
  block: BlockStructure,
  { width, heads, feedForwardWidth }: MemberCounts,
): Uint32Array {
  const [count, size, kept] =
    of === 'heads' ? [heads, width / heads, block.keptHeads] : [feedForwardWidth, 1, block.keptNeurons];
  const present = kept ?? Array.from({ length: count }, (_, member) => member);
  const indices: number[] = [];
  for (let run = 0; run < runs; run++) {
    for (const member of present) {
      for (let element = 0; element < size; element++) indices.push((run * count + member) * size + element);
    }
  }
  return Uint32Array.from(indices);
}

/** Whether nothing was taken out. */
export function isWhole({ blocks, keptActivations, blockwiseInt8 }: ModelStructure, layers: number): boolean {
  return (
    keptActivations === undefined &&
    blockwiseInt8 === undefined &&
    blocks.length === layers &&
    blocks.every(
      ({ index, hasAttention, hasFeedForward, keptHeads, keptNeurons }, position) =>
        index === position && hasAttention && hasFeedForward && !keptHeads && !keptNeurons,
    )
  );
}
