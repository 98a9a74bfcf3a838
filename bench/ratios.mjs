/**
 * The table of ratios with their targets. `value` returns undefined if a measurement that it needs is missing.
 *
 * @typedef {object} RatioRow
 * @property {string} key camelCase, as in `latest.json`
 * @property {string} title
 * @property {number} target
 * @property {'atLeast' | 'atMost'} sense
 * @property {(results: object) => number | undefined} value
 */

const MODELS = [
  { key: 'demo', title: 'demo' },
  { key: 'large', title: '124 M' },
];
const PHASES = [
  { key: 'Prefill64', field: 'prefill64', title: 'prefill of 64' },
  { key: 'Prefill256', field: 'prefill256', title: 'prefill of 256' },
  { key: 'Decode', field: 'decode', title: 'decode' },
];
const DECODE = PHASES[2];
const FACTORIZED = [
  { key: 'LowRank', format: 'lowRank', title: 'low rank' },
  { key: 'Kronecker', format: 'kronecker', title: 'Kronecker' },
  { key: 'TensorTrain', format: 'tensorTrain', title: 'tensor train' },
];
/** Minimum saving of operations for which a factorized format has a row. */
const LEAST_OPERATIONS_RATIO = 2;

/** @type {readonly RatioRow[]} */
export const RATIOS = [
  ...MODELS.flatMap(({ key, title }) => [
    speedUp(key, title, DECODE, ['Dense', 'lathe-dense'], ['TransformersFp32', 'transformers-fp32'], {
      target: key === 'demo' ? 5 : 3,
    }),
    ...PHASES.slice(0, 2).map((phase) =>
      speedUp(key, title, phase, ['Dense', 'lathe-dense'], ['TransformersFp32', 'transformers-fp32'], {
        target: 3,
      }),
    ),
    speedUp(key, title, DECODE, ['Int8', 'lathe-int8'], ['TransformersQ8', 'transformers-q8'], { target: 5 }),
    ...PHASES.map((phase) =>
      speedUp(key, title, phase, ['Dense', 'lathe-dense'], ['PlainTfjs', 'tfjs'], { target: 2 }),
    ),
  ]),
  speedUp('large', '124 M', DECODE, ['Int8', 'lathe-int8'], ['Dense', 'lathe-dense'], { target: 1.5 }),
  speedUp('large', '124 M', DECODE, ['TwoOfFour', 'lathe-twoOfFour'], ['Dense', 'lathe-dense'], {
    target: 1.3,
  }),
  speedUp('large', '124 M', DECODE, ['Sparse', 'lathe-sparse'], ['Dense', 'lathe-dense'], { target: 1.3 }),
  ...MODELS.flatMap((model) =>
    FACTORIZED.flatMap((format) => PHASES.map((phase) => overOperations(model, format, phase))),
  ),
  copyShare('gemvDenseCopyShare', 'GEMV 4096×4096 float32, share of the copy bandwidth', 'dense'),
  copyShare('gemvInt8CopyShare', 'GEMV 4096×4096 int8, share of the copy bandwidth', 'int8'),
  count('submissionsPerToken', 'submissions a decoded token', 1),
  count('readbacksPerToken', 'readbacks a decoded token', 1),
  count('dispatchesPerLayer', 'dispatches a layer', 6),
  {
    key: 'largeLoadOverTransformersFp32',
    title: '124 M, load to first token: transformers.js fp32 / Lathe dense (time)',
    target: 1.4,
    sense: 'atLeast',
    value: ({ models }) =>
      quotient(
        figure(models, 'large', 'transformers-fp32', 'loadMilliseconds'),
        figure(models, 'large', 'lathe-dense', 'loadMilliseconds'),
      ),
  },
  factorization('factorizeKroneckerOverNumpy', 'nearest Kronecker products', 'kronecker'),
  factorization('factorizeTensorTrainOverNumpy', 'tensor trains', 'tensor-train'),
  {
    key: 'labOverFirstVersion',
    title: 'compress and evaluate 4,096 tokens: first version / this one (time)',
    target: 3,
    sense: 'atLeast',
    value: ({ lab }) => quotient(lab?.baselineMilliseconds, lab?.milliseconds),
  },
];

/** Every row with its value, and whether its target is reached; both undefined if it was not measured. */
export function evaluateRatios(results) {
  return RATIOS.map(({ key, title, target, sense, value }) => {
    const measured = value(results);
    const reached =
      measured === undefined ? undefined : sense === 'atLeast' ? measured >= target : measured <= target;
    return { key, title, target, sense, value: measured, reached };
  });
}

function speedUp(model, modelTitle, phase, [name, contender], [peerName, peer], { target }) {
  return {
    key: `${model}${phase.key}${name}Over${peerName}`,
    title: `${modelTitle}, ${phase.title}: ${label(contender)} / ${label(peer)}`,
    target,
    sense: 'atLeast',
    value: ({ models }) =>
      quotient(figure(models, model, contender, phase.field), figure(models, model, peer, phase.field)),
  };
}

function label(contender) {
  const titles = {
    'lathe-dense': 'Lathe dense',
    'lathe-int8': 'Lathe int8',
    'lathe-twoOfFour': 'Lathe 2:4',
    'lathe-sparse': 'Lathe 50 % unstructured',
    'transformers-fp32': 'transformers.js fp32',
    'transformers-q8': 'transformers.js q8',
    tfjs: 'plain tfjs',
  };
  return titles[contender];
}

/** Speed-up of a factorization relative to its saving of operations. */
function overOperations(model, format, phase) {
  return {
    key: `${model.key}${phase.key}${format.key}SpeedOverOperations`,
    title: `${model.title}, ${phase.title}: ${format.title}, speed-up over dense / ratio of operations`,
    target: 0.6,
    sense: 'atLeast',
    value: ({ models }) => {
      const ofBoth = (name) =>
        ['lathe-dense', `lathe-${format.format}`].map((key) => figure(models, model.key, key, name));
      const [denseOperations, operations] = ofBoth('multiplications').map((each) => each?.[phase.field]);
      const saving = quotient(denseOperations, operations);
      if (saving === undefined || saving < LEAST_OPERATIONS_RATIO) return undefined;
      const [dense, factorized] = ofBoth(phase.field);
      return quotient(quotient(factorized, dense), saving);
    },
  };
}

/** On a GPU only: copies on a software rasteriser say nothing about its kernels. */
function copyShare(key, title, form) {
  return {
    key,
    title,
    target: 0.7,
    sense: 'atLeast',
    value: ({ kernels, adapter }) =>
      adapter?.isGpu
        ? kernels?.rows.find(
            (row) => row.form === form && row.outputs === 4096 && row.inputs === 4096 && row.tokens === 1,
          )?.copyShare
        : undefined,
  };
}

/** The slower of the compared spectra. */
function factorization(key, title, method) {
  return {
    key,
    title: `${title} of all linears of the 124 M model: Lathe / numpy.linalg.svd (time)`,
    target: 2,
    sense: 'atMost',
    value: ({ factorization }) => {
      const ratios = factorization?.comparisons
        .filter((comparison) => comparison.method === method)
        .map(({ ratio }) => ratio);
      return ratios?.length ? Math.max(...ratios) : undefined;
    },
  };
}

function count(key, title, target) {
  return { key, title, target, sense: 'atMost', value: ({ counts }) => counts?.[key] };
}

function figure(models, model, contender, name) {
  return models?.[model]?.contenders[contender]?.[name];
}

function quotient(numerator, denominator) {
  return numerator === undefined || denominator === undefined ? undefined : numerator / denominator;
}
