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
  /** The feed-forward layer's neurons belong to experts, one of which each token goes to; then `keptNeurons` is absent. */
  readonly mixture?: Mixture;
}

/**
 * A feed-forward layer in parts of equal size, the experts, of which a token uses one alone, told by its id (hash routing: Roller et
 * al. 2021, "Hash Layers"). The rows of the first matrix and the columns of the second are those of one expert after the
 * other.
 */
export interface Mixture {
  readonly experts: number;
  /** Of each row, expert after expert, the neuron of the checkpoint that it began as; a neuron may be in several experts. */
  readonly neurons: readonly number[];
  /** Of each token of the vocabulary its expert, a digit of base 36 each. */
  readonly routing: string;
}

/** As many as there are digits to name them by. */
export const MOST_EXPERTS = 36;

/** Neurons of one expert. */
export function expertSize({ neurons, experts }: Mixture): number {
  return neurons.length / experts;
}

/** The expert of each token. */
export function expertsOf({ routing }: Mixture, ids: Int32Array): Int32Array {
  return ids.map((id) => parseInt(routing[id], MOST_EXPERTS));
}

/** The experts of all tokens of a vocabulary, as `Mixture.routing` holds them. */
export function routingOf(experts: Iterable<number>): string {
  return Array.from(experts, (expert) => expert.toString(MOST_EXPERTS)).join('');
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
  return runs * (presentNeurons(block)?.length ?? counts.feedForwardWidth);
}

/** The checkpoint's numbers of the neurons that a block has, in order; undefined: all of them. */
export function presentNeurons({ mixture, keptNeurons }: BlockStructure): readonly number[] | undefined {
  return mixture?.neurons ?? keptNeurons;
}

/**
 * The checkpoint's indices of the elements that a block has along a dimension of these members: ascending, but for neurons of
 * experts.
 */
export function memberIndices(
  { of, runs }: Members,
  block: BlockStructure,
  { width, heads, feedForwardWidth }: MemberCounts,
): Uint32Array {
  const [count, size, kept] =
    of === 'heads' ? [heads, width / heads, block.keptHeads] : [feedForwardWidth, 1, presentNeurons(block)];
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
      ({ index, hasAttention, hasFeedForward, keptHeads, keptNeurons, mixture }, position) =>
        index === position && hasAttention && hasFeedForward && !keptHeads && !keptNeurons && !mixture,
    )
  );
}
