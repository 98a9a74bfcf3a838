/**
 * Recovery cases on the demo GPT-2, each as steps of a recipe and as the equivalent PyTorch script
 * (`training/recovery`). `before` is the compression alone, if it is a method of its own; `trained` is the recipe;
 * `twin` is the script and its arguments. Factorized and shortened models train all parameters, embeddings included.
 */

const LINEARS = ['Linear'];
const EVERYTHING = ['re:.*'];

const compress = (method, parameters) => ({ method, targets: LINEARS, parameters });
const train = (method, parameters = {}, targets = LINEARS) => ({ method, targets, parameters, trains: true });

const FACTORIZED = {
  kronecker: compress('kronecker', { terms: 1, aShape: ['1/2', '1'] }),
  'tensor-train': compress('tensor-train', { rows: [8, '1/8'], columns: [8, '1/8'], parametersKept: 0.5 }),
  'low-rank': compress('low-rank', { parametersKept: 0.5 }),
};
const THREE_BLOCKS = { keep: 'list', list: [0, 2, 4] };

/** @type {readonly { id: string, title: string, before?: object[], trained: object[], twin: string[] }[]} */
const PLAIN_CASES = [
  ...Object.entries(FACTORIZED).map(([form, step]) => ({
    id: form,
    title: `${form} at half of the parameters, distilled`,
    before: [step],
    trained: [step, train('knowledge-distillation', {}, EVERYTHING)],
    twin: ['knowledge_distillation', '--form', form, '--embedding'],
  })),
  {
    id: 'factorized-recovery',
    title: 'Kronecker at half of the parameters, with hidden states',
    before: [FACTORIZED.kronecker],
    trained: [FACTORIZED.kronecker, train('factorized-recovery', { hiddenWeight: 0.1 })],
    twin: ['knowledge_distillation', '--form', 'kronecker', '--hidden-weight', '0.1'],
  },
  ...['co-distillation', 'meta-distillation'].map((method) => ({
    id: method,
    title: `Kronecker at half of the parameters, ${method}`,
    before: [FACTORIZED.kronecker],
    trained: [FACTORIZED.kronecker, train(method)],
    twin: [method.replace('-', '_'), '--form', 'kronecker'],
  })),
  {
    id: 'layers',
    title: 'three of six blocks (0, 2, 4), distilled',
    before: [{ method: 'layer-truncation', targets: EVERYTHING, parameters: THREE_BLOCKS }],
    trained: [train('layer-distillation', THREE_BLOCKS, EVERYTHING)],
    twin: ['layer_distillation', '--blocks', '0', '2', '4', '--embedding'],
  },
  {
    id: 'sparse-70',
    title: '70 % of each matrix pruned gradually, then locked',
    before: [compress('magnitude-pruning', { sparsity: 0.7, scope: 'layer' })],
    trained: [train('gradual-pruning', { sparsity: 0.7 })],
    twin: ['gradual_pruning', '--sparsity', '0.7'],
  },
  {
    id: 'sparse-2-4',
    title: '2:4, pruned gradually, then locked',
    before: [compress('magnitude-pruning', { pattern: '2:4' })],
    trained: [train('gradual-pruning', { pattern: '2:4' })],
    twin: ['gradual_pruning', '--pattern', '2:4'],
  },
  {
    id: 'compression-aware-2-4',
    title: '2:4 by the compression-aware minimizer',
    before: [compress('magnitude-pruning', { pattern: '2:4' })],
    trained: [train('compression-aware-minimizer', { pattern: '2:4' })],
    twin: ['compression_aware_minimizer', '--pattern', '2:4'],
  },
  {
    id: 'int4',
    title: 'int4 in groups of 32, quantization-aware',
    before: [compress('round-to-nearest', { bits: 4, strategy: 'group', groupSize: 32, symmetric: true })],
    trained: [train('quantization-aware-training', { bits: 4, groupSize: 32, distillationWeight: 1 })],
    twin: ['quantization_aware_training', '--bits', '4', '--group-size', '32', '--distillation-weight', '1'],
  },
  {
    id: 'mixture-of-experts',
    title: 'four experts of a quarter of the neurons each',
    trained: [train('mixture-of-experts')],
    twin: ['mixture_of_experts'],
  },
];

/**
 * The best recipes found. They go with `--batch-size 2 --steps 3120 --warm-up 120`; for low-rank with `--batch-size 8
 * --steps 780 --warm-up 60` and, as `--text`, the whole training text.
 */
const OWN_RECIPES = {
  kronecker: { peakLearningRate: 8e-4, distillationWeight: 1, hiddenWeight: 0.1 },
  'tensor-train': { peakLearningRate: 1.2e-3, distillationWeight: 1, hiddenWeight: 0.1 },
  'low-rank': { peakLearningRate: 1.2e-3, distillationWeight: 0.85, hiddenWeight: 0.1 },
  layers: { peakLearningRate: 8e-4, distillationWeight: 1, hiddenWeight: 0 },
  'sparse-70': { peakLearningRate: 6e-4, distillationWeight: 1, hiddenWeight: 0.1 },
  'sparse-2-4': { peakLearningRate: 3e-4, distillationWeight: 1, hiddenWeight: 0.1 },
};

/** The plain cases, and some of them again with their own recipe. */
export const CASES = [
  ...PLAIN_CASES,
  ...Object.entries(OWN_RECIPES).map(([id, own]) => {
    const plain = PLAIN_CASES.find((each) => each.id === id);
    return {
      ...plain,
      id: `${id}-own-recipe`,
      title: `${plain.title}; own recipe`,
      trained: plain.trained.map((step) =>
        step.trains ? { ...step, parameters: { ...step.parameters, ...own } } : step,
      ),
      twin: [
        ...plain.twin,
        ...['--distillation-weight', String(own.distillationWeight)],
        ...['--hidden-weight', String(own.hiddenWeight)],
        ...['--peak', String(own.peakLearningRate)],
      ],
    };
  }),
];

/**
 * The recipes of a case: the compression alone, if there is one, and the trained one, with the settings of its run
 * and its text.
 */
export function recipesOf({ id, before, trained }, settings, text) {
  const withSettings = ({ trains, ...step }) =>
    trains ? { ...step, parameters: { ...step.parameters, ...settings } } : step;
  return [
    ...(before ? [{ name: `${id}: before`, steps: before }] : []),
    { name: id, steps: trained.map(withSettings), training: { text } },
  ];
}
