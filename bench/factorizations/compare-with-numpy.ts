import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { automaticAShape } from '../../src/compression/factorization/kronecker-shape';
import { balancedFactors } from '../../src/compression/factorization/tensor-train';
import { type Matrix, matrixFrom } from '../../src/linalg/matrix';
import { nearestKroneckerProduct } from '../../src/linalg/nearest-kronecker-product';
import { tensorTrainSvd } from '../../src/linalg/tensor-train';
import { seededNormal } from '../../src/testing/allclose';

/** [outputs, inputs] of c_attn, attn.c_proj, c_fc and mlp.c_proj of GPT-2 small. */
const SHAPES = [
  [2304, 768],
  [768, 768],
  [3072, 768],
  [768, 3072],
] as const;
const LAYERS = 12;
const TERMS = 32;
const MAX_RANK = 32;
const CORES = 3;

/**
 * "normal": independent values, whose singular values lie closest together, the hardest case. "scaled": rows and
 * columns of different sizes, whose singular values decay like those of trained weights.
 */
const SPECTRA = ['normal', 'scaled'] as const;

interface Outcome {
  readonly seconds: number;
  readonly relativeError: number;
}

interface Comparison {
  readonly method: string;
  readonly spectrum: string;
  /** Sums over all 48 matrices. */
  readonly seconds: number;
  readonly numpySeconds: number;
  readonly ratio: number;
  readonly shapes: readonly {
    readonly shape: readonly [number, number];
    readonly lathe: Outcome;
    readonly numpy: Outcome;
  }[];
}

interface Setting {
  readonly python: string;
  /** Answer of numpy_route.py. */
  readonly script: string;
  /** Folder for the matrices that NumPy reads. */
  readonly folder: string;
  readonly rounds: number;
}

/** Runs both alternately, `rounds` times each. @throws Error if Python cannot be started or NumPy is absent */
export async function compareWithNumpy({ python, script, folder, rounds }: Setting) {
  const numpy = new NumpyRoute(python, script);
  try {
    const comparisons: Comparison[] = [];
    for (const spectrum of SPECTRA) {
      for (const method of ['kronecker', 'tensor-train'] as const)
        comparisons.push(await compare(method, spectrum, numpy, folder, rounds));
    }
    return { cpu: cpus()[0].model, cores: cpus().length, rounds, comparisons };
  } finally {
    numpy.close();
  }
}

async function compare(
  method: 'kronecker' | 'tensor-train',
  spectrum: (typeof SPECTRA)[number],
  numpy: NumpyRoute,
  folder: string,
  rounds: number,
): Promise<Comparison> {
  const shapes = [];
  for (const shape of SHAPES) {
    const matrix = exampleMatrix(shape, spectrum);
    const file = join(folder, 'values.f64');
    await writeFile(file, matrix.values);
    const request = { method, file, rows: shape[0], columns: shape[1], ...settings(method, shape) };
    const latheOutcomes: Outcome[] = [];
    const numpyOutcomes: Outcome[] = [];
    for (let round = 0; round < rounds; round++) {
      latheOutcomes.push(await (method === 'kronecker' ? timeKronecker(matrix) : timeTensorTrain(matrix)));
      numpyOutcomes.push(await numpy.factorize(request));
    }
    shapes.push({ shape, lathe: fastest(latheOutcomes), numpy: fastest(numpyOutcomes) });
  }
  const seconds = LAYERS * shapes.reduce((sum, { lathe }) => sum + lathe.seconds, 0);
  const numpySeconds = LAYERS * shapes.reduce((sum, { numpy }) => sum + numpy.seconds, 0);
  return { method, spectrum, seconds, numpySeconds, ratio: seconds / numpySeconds, shapes };
}

const fastest = (outcomes: readonly Outcome[]): Outcome =>
  outcomes.reduce((best, outcome) => (outcome.seconds < best.seconds ? outcome : best));

function settings(method: 'kronecker' | 'tensor-train', [rows, columns]: readonly [number, number]) {
  if (method === 'kronecker') return { aShape: automaticAShape([rows, columns]), terms: TERMS };
  const [rowSizes, columnSizes] = [balancedFactors(rows, CORES), balancedFactors(columns, CORES)];
  return { modes: rowSizes.map((size, index) => [size, columnSizes[index]]), maxRank: MAX_RANK };
}

async function timeKronecker(matrix: Matrix): Promise<Outcome> {
  const start = performance.now();
  const aShape = automaticAShape([matrix.rows, matrix.columns]);
  const { relativeError } = await nearestKroneckerProduct(matrix, aShape, TERMS);
  return { seconds: (performance.now() - start) / 1000, relativeError };
}

async function timeTensorTrain(matrix: Matrix): Promise<Outcome> {
  const rows = balancedFactors(matrix.rows, CORES);
  const columns = balancedFactors(matrix.columns, CORES);
  const start = performance.now();
  const { relativeError } = await tensorTrainSvd(matrix, rows, columns, { maxRank: MAX_RANK });
  return { seconds: (performance.now() - start) / 1000, relativeError };
}

function exampleMatrix(
  [rows, columns]: readonly [number, number],
  spectrum: (typeof SPECTRA)[number],
): Matrix {
  const values = seededNormal(rows * columns, 1);
  if (spectrum === 'scaled') {
    const [rowSizes, columnSizes] = [seededNormal(rows, 2), seededNormal(columns, 3)];
    values.forEach((value, index) => {
      values[index] = value * Math.exp(rowSizes[Math.floor(index / columns)] + columnSizes[index % columns]);
    });
  }
  return matrixFrom(values, rows, columns);
}

/** A single numpy_route.py process, so that its threads are warm. */
class NumpyRoute {
  private readonly process: ChildProcess;
  private readonly answers: Interface;
  private readonly failed: Promise<never>;

  constructor(python: string, script: string) {
    this.process = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.answers = createInterface({ input: this.process.stdout! });
    this.failed = new Promise((_, reject) => {
      this.process.on('error', reject);
      this.process.on('exit', (code) =>
        reject(new Error(`${python} ended with ${code}; does it have NumPy?`)),
      );
    });
    this.failed.catch(() => undefined);
  }

  async factorize(request: object): Promise<Outcome> {
    const answer = new Promise<string>((resolve) => this.answers.once('line', resolve));
    this.process.stdin!.write(JSON.stringify(request) + '\n');
    return JSON.parse(await Promise.race([answer, this.failed])) as Outcome;
  }

  close(): void {
    this.process.stdin!.end();
  }
}
