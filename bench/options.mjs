import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** The parts of a run, in order. */
export const PARTS = ['generation', 'load', 'kernels', 'factorization', 'lab'];

/** Kinds of contenders, as in `contenders.mjs`. */
export const CONTENDERS = ['lathe', 'tfjs', 'transformers-fp32', 'transformers-q8'];

/** Keys of the models, as in `checkpoints.mjs`. */
export const MODELS = ['demo', 'large'];

export const USAGE = `npm run bench -- [options]

Measures Lathe and its peers alternately in a browser, writes bench/results/latest.json and latest.md,
and appends a line to history.jsonl.

  --quick            under four minutes on two cores: the demo model only, 6 decoded tokens, fewer loads and kernels
  --peers DIR        folder of the peers' ONNX exports, DIR/<checkpoint>-onnx/onnx/model.onnx
                     (default: $LATHE_BENCH_PEERS, or bench/peers/models)
  --baseline DIR     a checkout of the first version with its node_modules, for comparison with the lab
  --python PATH      a Python with NumPy, for comparison with the factorizations (default: .venv/bin/python)
  --only PART,…      some of ${PARTS.join(', ')}
  --models KEY,…     some of ${MODELS.join(', ')}
  --formats KEY,…    some of Lathe's formats, by their keys in bench/formats.mjs
  --contenders KIND,…
                     some of ${CONTENDERS.join(', ')}
  --decoded N        tokens generated one by one (default: 32, with --quick 6)
  --rounds N         measured rounds after the warm-up (default, and minimum for published figures: 5)
  --add              retain those of the last results that this run does not measure
  --record           also write the tables to bench/README.md
  --output DIR       folder of the results (default: bench/results)
  --help             this text`;

/**
 * Reads the command line.
 * @param {readonly string[]} args
 * @param {string} root of the repository
 * @param {readonly string[]} formats keys of the available formats
 * @throws {Error} one sentence about the wrong option
 */
export function parseOptions(args, root, formats) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      peers: {
        type: 'string',
        default: process.env.LATHE_BENCH_PEERS ?? resolve(root, 'bench/peers/models'),
      },
      baseline: { type: 'string' },
      python: { type: 'string', default: resolve(root, '.venv/bin/python') },
      only: { type: 'string' },
      models: { type: 'string' },
      formats: { type: 'string' },
      contenders: { type: 'string' },
      decoded: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      add: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      output: { type: 'string', default: resolve(root, 'bench/results') },
      help: { type: 'boolean', default: false },
    },
  });
  const decoded = values.decoded ?? (values.quick ? '6' : '32');
  for (const [option, value] of Object.entries({ rounds: values.rounds, decoded })) {
    if (!/^[1-9]\d*$/.test(value)) {
      throw new Error(`--${option} takes a positive integer; it was given "${value}".`);
    }
  }
  return {
    quick: values.quick,
    help: values.help,
    add: values.add,
    record: values.record,
    peers: resolve(values.peers),
    baseline: values.baseline && resolve(values.baseline),
    python: values.python,
    parts: someOf('only', values.only, PARTS),
    models: someOf('models', values.models, values.quick ? ['demo'] : MODELS),
    formats: someOf('formats', values.formats, formats),
    contenders: someOf('contenders', values.contenders, CONTENDERS),
    decoded: Number(decoded),
    rounds: Number(values.rounds),
    output: resolve(values.output),
  };
}

/** The named values in their own order; all if none is named. */
function someOf(option, text, known) {
  if (text === undefined) return known;
  const named = text.split(',');
  const unknown = named.find((each) => !known.includes(each));
  if (unknown !== undefined) {
    throw new Error(`--${option} takes some of ${known.join(', ')}; it was given "${unknown}".`);
  }
  return known.filter((each) => named.includes(each));
}
