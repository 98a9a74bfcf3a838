/**
 * Parts of a checkpoint that a model still has. Blocks keep the numbers in their modules' names, so that a model with fewer of
 * them can be compared with its base name by name.
 */
export interface ModelStructure {
  /** Blocks in the order of execution. */
  readonly blocks: readonly BlockStructure[];
  /** Share of each token's activations that one block passes to the next; absent: all. */
  readonly keptActivations?: number;
  /** Size of blocks that share a scale where every intermediate result is rounded to 8 bits; absent: float32. */
  readonly blockwiseInt8?: number;
}

export interface BlockStructure {
  /** Number of the block in the checkpoint. */
  readonly index: number;
  /** Without attention x passes unchanged; its matrices are removed, and generation needs no cache for it. */
  readonly hasAttention: boolean;
  readonly hasFeedForward: boolean;
  /** Remaining attention heads, ascending, by their number in the checkpoint; absent: all. */
  readonly keptHeads?: readonly number[];
  /** Remaining neurons of the feed-forward layer, ascending, by their number in the checkpoint; absent: all. */
  readonly keptNeurons?: readonly number[];
  /** Experts that the feed-forward layer's neurons belong to, one of which serves each token; excludes `keptNeurons`. */
  readonly mixture?: Mixture;
}

/**
 * Feed-forward layer in parts of equal size, the experts; a token's id determines the one that it uses (hash routing: Roller et
 * al. 2021, "Hash Layers"). The rows of the first matrix and the columns of the second are grouped by expert.
 */
export interface Mixture {
  readonly experts: number;
  /** Original neuron in the checkpoint of each row, expert after expert; a neuron may be in several experts. */
  readonly neurons: readonly number[];
  /** Expert of each token of the vocabulary, as one base-36 digit each. */
  readonly routing: string;
}

/** Greatest number of experts: one base-36 digit each. */
export const MOST_EXPERTS = 36;

/** Number of neurons per expert. */
export function expertSize({ neurons, experts }: Mixture): number {
  return neurons.length / experts;
}

/** Expert of each token. */
export function expertsOf({ routing }: Mixture, ids: Int32Array): Int32Array {
  return ids.map((id) => parseInt(routing[id], MOST_EXPERTS));
}

/** Encodes the experts of all tokens of a vocabulary for `Mixture.routing`. */
export function routingOf(experts: Iterable<number>): string {
  return Array.from(experts, (expert) => expert.toString(MOST_EXPERTS)).join('');
}

/** Composition of a matrix dimension or a vector: groups of all heads, or of all neurons. */
export interface Members {
  readonly of: 'heads' | 'neurons';
  /** Number of groups; 3 if query, key and value follow each other. */
  readonly groups: number;
}

/** Numbers of members in the checkpoint. */
export interface MemberCounts {
  readonly width: number;
  readonly heads: number;
  readonly feedForwardWidth: number;
}

/** Structure of a whole model. */
export function wholeStructure(layers: number): ModelStructure {
  return {
    blocks: Array.from({ length: layers }, (_, index) => ({
      index,
      hasAttention: true,
      hasFeedForward: true,
    })),
  };
}

/** Length of a dimension with these members in a block. */
export function memberLength({ of, groups }: Members, block: BlockStructure, counts: MemberCounts): number {
  const headWidth = counts.width / counts.heads;
  if (of === 'heads') return groups * headWidth * (block.keptHeads?.length ?? counts.heads);
  return groups * (presentNeurons(block)?.length ?? counts.feedForwardWidth);
}

/** Numbers of a block's neurons in the checkpoint, in order; undefined: all. */
export function presentNeurons({ mixture, keptNeurons }: BlockStructure): readonly number[] | undefined {
  return mixture?.neurons ?? keptNeurons;
}

/**
 * Checkpoint indices of a block's elements along a dimension with these members: ascending, except for neurons of experts.
 */
export function memberIndices(
  { of, groups }: Members,
  block: BlockStructure,
  { width, heads, feedForwardWidth }: MemberCounts,
): Uint32Array {
  const [count, size, kept] =
    of === 'heads' ? [heads, width / heads, block.keptHeads] : [feedForwardWidth, 1, presentNeurons(block)];
  const present = kept ?? Array.from({ length: count }, (_, member) => member);
  const indices: number[] = [];
  for (let group = 0; group < groups; group++) {
    for (const member of present) {
      for (let element = 0; element < size; element++)
        indices.push((group * count + member) * size + element);
    }
  }
  return Uint32Array.from(indices);
}

/** Whether nothing has been removed. */
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
