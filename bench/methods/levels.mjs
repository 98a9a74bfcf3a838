/**
 * Recipes of every compression method at three levels of strength. A level is a list of steps or, for a single step,
 * its method and parameters. `only` names the model on which a method is measured.
 */

const step = (method, parameters, targets = ['Linear']) => ({ method, targets, ignore: [], parameters });

const EMBEDDINGS = ['re:transformer.wte|bert.embeddings.word_embeddings'];

/** @type {readonly { method: string, levels: readonly { label: string, steps: readonly object[] }[], only?: string }[]} */
export const METHOD_LEVELS = [
  sparsities('magnitude-pruning'),
  sparsities('wanda'),
  sparsities('sparsegpt'),
  { ...sparsities('optimal-bert-surgeon'), only: 'sst2-bert' },
  levels('block-pruning', [0.25, 0.5, 0.75], (sparsity) => [
    `${100 * sparsity} % of 16×16`,
    { sparsity, blockRows: 16, blockColumns: 16 },
  ]),
  levels('head-pruning', [0.25, 0.5, 0.75], (sparsity) => [`${100 * sparsity} % of heads`, { sparsity }]),
  levels('neuron-pruning', [0.25, 0.5, 0.75], (sparsity) => [`${100 * sparsity} % of neurons`, { sparsity }]),
  levels('round-to-nearest', [4, 3, 2], (bits) => [
    `${bits} bits, groups of 32`,
    { bits, strategy: 'group', groupSize: 32, symmetric: false },
  ]),
  levels('gptq', [4, 3, 2], (bits) => [`${bits} bits, groups of 32`, { bits, groupSize: 32 }]),
  levels(
    'awq',
    [
      [4, 32],
      [4, 64],
      [3, 32],
    ],
    ([bits, groupSize]) => [`${bits} bits, groups of ${groupSize}`, { bits, groupSize }],
  ),
  levels('smoothquant', [0.25, 0.5, 0.75], (migrationStrength) => [
    `W8A8, strength ${migrationStrength}`,
    { migrationStrength },
  ]),
  levels('blockwise-int8', [32, 64, 192], (blockSize) => [`blocks of ${blockSize}`, { blockSize }]),
  levels('product-quantization', [4, 8, 16], (blockSize) => [`blocks of ${blockSize}`, { blockSize }]),
  levels('low-rank', [0.75, 0.5, 0.25], (parametersKept) => [kept(parametersKept), { parametersKept }]),
  levels('activation-aware-low-rank', [0.75, 0.5, 0.25], (parametersKept) => [
    kept(parametersKept),
    { parametersKept },
  ]),
  levels('kronecker', [0.75, 0.5, 0.25], (parametersKept) => [kept(parametersKept), { parametersKept }]),
  levels('tq-compressor', [0.75, 0.5, 0.25], (parametersKept) => [kept(parametersKept), { parametersKept }]),
  levels('kn-gpt2', [2, 4, 8], (factor) => [`factor ${factor}`, { factor }]),
  levels('tensor-train', [48, 31, 16], (maxRank) => [
    `rank ${maxRank}`,
    { rows: [8, '1/8'], columns: [8, '1/8'], maxRank },
  ]),
  levels(
    'compactifai',
    [
      [64, 'none'],
      [48, 'none'],
      [48, 8],
    ],
    ([bondDimension, bits]) => [
      `bond ${bondDimension}${bits === 8 ? ', int8' : ''}, deeper half`,
      { bondDimension, bits, cores: 2, layers: 0.5 },
    ],
  ),
  levels('tensor-gpt', [8, 4, 2], (rank) => [`embedding rank ${rank}`, { rank }], EMBEDDINGS),
  { ...firstBlocks([5, 4, 3]), only: 'fairy-tales-gpt2' },
  { ...firstBlocks([3, 2, 1]), only: 'sst2-bert' },
  levels('skip-sublayers', [1, 2, 3], (count) => [`last ${count} attentions`, { part: 'attention', count }]),
  levels('activation-top-k', [0.5, 0.25, 0.1], (keptActivations) => [
    `${100 * keptActivations} % kept`,
    { keptActivations },
  ]),
  {
    method: 'entropy-coding',
    levels: [8, 4, 3].map((bits) => ({
      label: `over ${bits} bits`,
      steps: [
        step('round-to-nearest', { bits, ...(bits === 8 ? {} : { strategy: 'group', groupSize: 32 }) }),
        step('entropy-coding', {}),
      ],
    })),
  },
];

function levels(method, values, describe, targets) {
  return {
    method,
    levels: values.map((value) => {
      const [label, parameters] = describe(value);
      return { label, steps: [step(method, parameters, targets)] };
    }),
  };
}

function firstBlocks(counts) {
  return levels('layer-truncation', counts, (layers) => [`first ${layers}`, { keep: 'first', layers }]);
}

function sparsities(method) {
  return levels(method, ['50 %', '70 %', '2:4'], (label) => [
    label,
    label.includes(':') ? { pattern: label } : { sparsity: parseFloat(label) / 100 },
  ]);
}

function kept(share) {
  return `${100 * share} % of parameters`;
}
