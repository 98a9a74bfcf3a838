import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** The measurements that a run is made of, in order. */
export const PARTS = ['generation', 'load', 'kernels', 'factorization', 'lab'];

export const USAGE = `npm run bench -- [options]

Measures Lathe and its peers in turn in a real browser and writes bench/results/latest.json and latest.md.

  --quick            under four minutes on two cores: the demo model only, fewer formats and kernel shapes
  --peers DIR        folder of the peers' ONNX exports, DIR/<checkpoint>-onnx/onnx/model.onnx
                     (default: $LATHE_BENCH_PEERS, or bench/peers/models)
  --baseline DIR     a checkout of the first version with its node_modules, to measure the lab against
  --python PATH      a Python with NumPy, to measure the factorization against (default: .venv/bin/python)
  --only PART,…      some of ${PARTS.join(', ')}
  --rounds N         measured rounds after the warm-up, at least 5 for figures to publish (default: 5)
  --output DIR       where the results go (default: bench/results)
  --help             this text`;

/**
 * Reads the command line.
 * @param {readonly string[]} args
 * @param {string} root of the repository
 * @throws {Error} one sentence about the option that is wrong
 */
export function parseOptions(args, root) {
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
      only: { type: 'string', default: PARTS.join(',') },
      rounds: { type: 'string', default: '5' },
      output: { type: 'string', default: resolve(root, 'bench/results') },
      help: { type: 'boolean', default: false },
    },
  });
  const parts = values.only.split(',');
  const unknown = parts.find((part) => !PARTS.includes(part));
  if (unknown !== undefined) throw new Error(`--only takes ${PARTS.join(', ')}; it was given "${unknown}".`);
  if (!/^[1-9]\d*$/.test(values.rounds)) {
    throw new Error(`--rounds takes a positive integer; it was given "${values.rounds}".`);
  }
  return {
    quick: values.quick,
    help: values.help,
    peers: resolve(values.peers),
    baseline: values.baseline && resolve(values.baseline),
    python: values.python,
    parts,
    rounds: Number(values.rounds),
    output: resolve(values.output),
  };
}
