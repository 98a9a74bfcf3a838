/**
 * The formats in which Lathe is measured, each with its recipe. Codes and patterns are applied to every matrix,
 * including the embedding, which is also the head, as in the peers' q8; factorizations to the linears of the
 * transformer blocks, with at most half of their floating-point operations, as the rows about them require.
 */
export const FORMATS = [
  { key: 'dense', title: 'dense float32' },
  {
    key: 'int8',
    title: 'int8 a channel',
    step: { method: 'round-to-nearest', parameters: { bits: 8, strategy: 'channel' } },
  },
  {
    key: 'int4',
    title: 'int4, groups of 32',
    step: { method: 'round-to-nearest', parameters: { bits: 4, strategy: 'group', groupSize: 32 } },
  },
  {
    key: 'sparse',
    title: '50 % unstructured',
    step: { method: 'magnitude-pruning', parameters: { sparsity: 0.5, pattern: 'unstructured' } },
  },
  {
    key: 'twoOfFour',
    title: '2:4',
    step: { method: 'magnitude-pruning', parameters: { pattern: '2:4' } },
  },
  {
    key: 'lowRank',
    title: 'low rank, 1/6 of the parameters',
    step: { method: 'low-rank', parameters: { parametersKept: 1 / 6 } },
    factorized: true,
  },
  {
    key: 'kronecker',
    title: 'Kronecker, 2 terms, B of 16×16',
    step: { method: 'kronecker', parameters: { terms: 2, aShape: ['1/16', '1/16'] } },
    factorized: true,
  },
  {
    key: 'tensorTrain',
    title: 'tensor train, 3 cores, rank 3',
    step: { method: 'tensor-train', parameters: { maxRank: 3 } },
    factorized: true,
  },
];

/** The recipe of a format for the lab; undefined for the dense one. */
export function recipeOf({ title, step, factorized }) {
  const targets = factorized ? ['Linear'] : ['Linear', 'transformer.wte'];
  return step && { name: title, steps: [{ ...step, targets }] };
}
