import type * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../gpu/device';
import { type Kernel, type KernelOutput, runKernel } from '../gpu/run-kernel';
import { emptyTensor } from '../gpu/transfer';
import { foldWorkgroups } from './fold-workgroups';
import { kernelMemo } from './kernel-memo';
import { laneWidth, withLanes } from './lanes';
import halvesSource from './row-train-halves.wgsl?raw';
import productsSource from './row-train-products.wgsl?raw';

/** A core of a train, row-major [left, size, right]. */
interface TrainCore {
  readonly left: number;
  readonly size: number;
  readonly right: number;
}

/** Trains of one shape, of two cores at least: each row of a matrix holds the cores of one, one after the other. */
export interface RowTrains {
  readonly cores: readonly TrainCore[];
  /** Elements that a row comes to; the sizes multiply to as many or more. */
  readonly width: number;
}

/** Buffers that stretches of rows are put together in one after the other, so that memory does not grow with their number. */
export interface RowTrainTile {
  /** [rows, width] */
  readonly rows: tf.Tensor2D;
  readonly halves: tf.Tensor;
}

interface Plan {
  /** Indices of the cores before the cut, of those after it, and the rank between. */
  readonly left: number;
  readonly right: number;
  readonly rank: number;
  readonly halvesKernel: Kernel;
  readonly productsKernel: Kernel;
}

const WORKGROUP = 64;
const remember = kernelMemo();
const plans = new WeakMap<RowTrains, Plan>();

/** Allocates a tile of so many rows; the caller disposes of its tensors. */
export function rowTrainTile(trains: RowTrains, rows: number): RowTrainTile {
  const { left, right, rank } = planFor(trains);
  return {
    rows: emptyTensor([rows, trains.width]) as tf.Tensor2D,
    halves: emptyTensor([rows, (left + right) * rank]),
  };
}

/**
 * Rows that trains stand for, `count` of them from `firstRow` on: → [count, width]. The cores on either side of a cut in the
 * middle are multiplied first, so that an element takes as many multiplications as the rank at the cut.
 *
 * @param values row-major [rows, values of a train]
 * @param into writes the first rows of this tile instead of making new tensors
 */
export function rowsOfTrains(
  values: tf.Tensor,
  trains: RowTrains,
  { firstRow, count }: { readonly firstRow: number; readonly count: number },
  into?: RowTrainTile,
): tf.Tensor2D {
  const { left, right, rank, halvesKernel, productsKernel } = planFor(trains);
  const limit = currentGpu().device.limits.maxComputeWorkgroupsPerDimension;
  const entries = left + right;
  const table: KernelOutput = into?.halves ?? { shape: [count, entries * rank], dtype: 'float32' };
  const result: KernelOutput = into?.rows ?? { shape: [count, trains.width], dtype: 'float32' };
  const [halves] = runKernel(halvesKernel, {
    inputs: [values],
    outputs: [table],
    uniforms: [firstRow, count],
    workgroups: foldWorkgroups(Math.ceil((count * entries) / WORKGROUP), limit),
  });
  const [y] = runKernel(productsKernel, {
    inputs: [halves],
    outputs: [result],
    uniforms: [count],
    workgroups: foldWorkgroups(Math.ceil((count * trains.width) / WORKGROUP), limit),
  });
  if (!into) halves.dispose();
  return y as tf.Tensor2D;
}

function planFor(trains: RowTrains): Plan {
  let plan = plans.get(trains);
  if (!plan) plans.set(trains, (plan = makePlan(trains)));
  return plan;
}

function makePlan({ cores, width }: RowTrains): Plan {
  const cut = cheapestCut(cores);
  const [before, after] = [cores.slice(0, cut), cores.slice(cut)];
  const [left, right, rank] = [indicesOf(before), indicesOf(after), after[0].left];
  const constants = `const LEFT_INDICES = ${left}u;
const RIGHT_INDICES = ${right}u;
const RANK = ${rank}u;`;
  const halves = `@group(0) @binding(0) var<storage, read> cores: array<f32>;
@group(0) @binding(1) var<storage, read_write> halves: array<f32>;
@group(0) @binding(2) var<uniform> uniforms: Uniforms;
${constants}
const TRAIN_VALUES = ${valuesOf(cores)}u;
${leftHalfSource(before)}
${rightHalfSource(after, valuesOf(before))}
${halvesSource}`;
  const products = `${constants}
const WIDTH = ${width}u;
const RANK_LANES = ${rank / laneWidth(rank)}u;
${productsSource}`;
  return {
    left,
    right,
    rank,
    halvesKernel: remember(halves, () => ({ name: 'row-train-halves', source: halves })),
    productsKernel: remember(products, () => ({
      name: 'row-train-products',
      source: withLanes(products, rank),
    })),
  };
}

/** Cores before the cut where the two tables together have the fewest entries. */
function cheapestCut(cores: readonly TrainCore[]): number {
  const entries = (cut: number) => indicesOf(cores.slice(0, cut)) + indicesOf(cores.slice(cut));
  return cores
    .slice(1)
    .map((_, index) => index + 1)
    .reduce((best, cut) => (entries(cut) < entries(best) ? cut : best));
}

/** Row vector times matrix, core after core; the last core's index is the lowest digit. */
function leftHalfSource(cores: readonly TrainCore[]): string {
  const most = Math.max(...cores.map(({ right }) => right));
  let below = indicesOf(cores);
  let offset = 0;
  const steps = cores.map(({ left, size, right }) => {
    below /= size;
    const step = `  {
    let core = train + ${offset}u + entry / ${below}u % ${size}u * ${right}u;
    for (var r = 0u; r < ${right}u; r++) {
      var sum = 0.0;
      for (var l = 0u; l < ${left}u; l++) {
        sum += state[l] * cores[core + l * ${size * right}u + r];
      }
      next[r] = sum;
    }
    state = next;
  }`;
    offset += left * size * right;
    return step;
  });
  return halfSource('leftHalf', most, steps);
}

/** Matrix times column vector, from the last core back. */
function rightHalfSource(cores: readonly TrainCore[], before: number): string {
  const most = Math.max(...cores.map(({ left }) => left));
  let below = 1;
  let offset = before + valuesOf(cores);
  const steps = [...cores].reverse().map(({ left, size, right }) => {
    offset -= left * size * right;
    const step = `  {
    let core = train + ${offset}u + entry / ${below}u % ${size}u * ${right}u;
    for (var l = 0u; l < ${left}u; l++) {
      var sum = 0.0;
      for (var r = 0u; r < ${right}u; r++) {
        sum += cores[core + l * ${size * right}u + r] * state[r];
      }
      next[l] = sum;
    }
    state = next;
  }`;
    below *= size;
    return step;
  });
  return halfSource('rightHalf', most, steps);
}

function halfSource(name: string, most: number, steps: readonly string[]): string {
  return `fn ${name}(train: u32, entry: u32, destination: u32) {
  var state = array<f32, ${most}>();
  var next = array<f32, ${most}>();
  state[0] = 1.0;
${steps.join('\n')}
  for (var r = 0u; r < RANK; r++) {
    halves[destination + r] = state[r];
  }
}`;
}

function indicesOf(cores: readonly TrainCore[]): number {
  return cores.reduce((product, { size }) => product * size, 1);
}

function valuesOf(cores: readonly TrainCore[]): number {
  return cores.reduce((sum, { left, size, right }) => sum + left * size * right, 0);
}
