import * as tf from '@tensorflow/tfjs';
import { kernelFamily } from '../../kernel-family';
import { emptyTensor } from '../../transfer';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import halvesBody from './row-train-halves.wgsl?raw';
import productsBody from './row-train-products.wgsl?raw';

/** Core of a train, row-major [left, size, right]. */
interface TrainCore {
  readonly left: number;
  readonly size: number;
  readonly right: number;
}

/** Trains of one shape with at least two cores; each row of a matrix holds the cores of one, concatenated. */
export interface RowTrains {
  readonly cores: readonly TrainCore[];
  /** Elements of a row; at most the product of the sizes. */
  readonly width: number;
}

/** Buffers reused for consecutive tiles of rows, so that memory does not grow with their number. */
export interface RowTrainTile {
  /** [rows, width] */
  readonly rows: tf.Tensor2D;
  /** Tables of the left and right halves of the cores. */
  readonly lefts: tf.Tensor;
  readonly rights: tf.Tensor;
}

interface Plan {
  /** Numbers of indices of the cores before and after the cut, and the rank between. */
  readonly left: number;
  readonly right: number;
  readonly rank: number;
  /** Elements computed by one invocation. */
  readonly elements: 1 | 4;
  readonly halvesKernel: ReturnType<typeof halvesKernel>;
  readonly productsKernel: ReturnType<typeof productsKernel>;
}

const plans = new WeakMap<RowTrains, Plan>();

/** Allocates a tile of this many rows; the caller disposes of its tensors. */
export function rowTrainTile(trains: RowTrains, rows: number): RowTrainTile {
  const { left, right, rank } = planFor(trains);
  return {
    rows: emptyTensor([rows, trains.width]),
    lefts: emptyTensor([rows, left * rank]),
    rights: emptyTensor([rows, rank * right]),
  };
}

/**
 * Rebuilds `count` rows from `firstRow` on: → [count, width]. The cores on either side of a cut in the middle are multiplied
 * first, so that an element takes as many multiplications as the rank at the cut.
 *
 * @param values row-major [rows, values per train]
 * @param into tile whose first rows are written instead of new tensors
 */
export function rowsOfTrains(
  values: tf.Tensor,
  trains: RowTrains,
  { firstRow, count }: { readonly firstRow: number; readonly count: number },
  into?: RowTrainTile,
): tf.Tensor2D {
  const plan = planFor(trains);
  const { left, right, rank } = plan;
  const { lefts, rights } = plan.halvesKernel.run({
    inputs: { cores: values },
    outputs: {
      lefts: into?.lefts ?? [count, left * rank],
      rights: into?.rights ?? [count, rank * right],
    },
    uniforms: { firstRow, count },
    workgroups: workgroupsOf(count * (left + right)),
  });
  const { y } = plan.productsKernel.run({
    inputs: { lefts, rights },
    outputs: { y: into?.rows ?? ([count, trains.width] as const) },
    uniforms: { count },
    workgroups: workgroupsOf((count * trains.width) / plan.elements),
  });
  if (!into) tf.dispose([lefts, rights]);
  return y;
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
  const elements = right % 4 === 0 && width % 4 === 0 ? 4 : 1;
  const sizes = { left, right, rank };
  return {
    ...sizes,
    elements,
    halvesKernel: halvesKernel(
      { ...sizes, shape: cores.map(({ left, size, right }) => `${left}×${size}×${right}`).join(' ') },
      before,
      after,
    ),
    productsKernel: productsKernel({ ...sizes, width, elements }),
  };
}

type Sizes = { left: number; right: number; rank: number };

const constantsOf = ({ left, right, rank }: Sizes) => ({
  LEFT_INDICES: left,
  RIGHT_INDICES: right,
  RANK: rank,
});

/** @param shape shapes of all cores */
const halvesKernel = kernelFamily(
  (sizes: Sizes & { shape: string }, before: readonly TrainCore[], after: readonly TrainCore[]) =>
    elementKernel(
      {
        name: 'row-train-halves',
        inputs: { cores: 'array<f32>' },
        outputs: { lefts: 'array<f32>', rights: 'array<f32>' },
        uniforms: { firstRow: 'u32', count: 'u32' },
        constants: { ...constantsOf(sizes), TRAIN_VALUES: valuesOf(before) + valuesOf(after) },
        body: [leftHalfSource(before), rightHalfSource(after, valuesOf(before), sizes.right), halvesBody],
      },
      'uniforms.count * (LEFT_INDICES + RIGHT_INDICES)',
    ),
);

const productsKernel = kernelFamily(
  ({ width, elements, ...sizes }: Sizes & { width: number; elements: 1 | 4 }) =>
    elementKernel(
      {
        name: 'row-train-products',
        inputs: { lefts: 'array<f32>', rights: 'array<Elements>' },
        outputs: { y: 'array<Elements>' },
        uniforms: { count: 'u32' },
        constants: { ...constantsOf(sizes), WIDTH: width, ELEMENTS: elements },
        body: [`alias Elements = ${elements === 4 ? 'vec4f' : 'f32'};`, productsBody],
      },
      'uniforms.count * ELEMENTS_OF_A_ROW',
    ),
);

/** Number of cores before the cut at which the two tables have the fewest entries. */
function cheapestCut(cores: readonly TrainCore[]): number {
  const entries = (cut: number) => indicesOf(cores.slice(0, cut)) + indicesOf(cores.slice(cut));
  return cores
    .slice(1)
    .map((_, index) => index + 1)
    .reduce((best, cut) => (entries(cut) < entries(best) ? cut : best));
}

/**
 * Multiplies a row vector with the matrices core by core, each element a variable; the last core's index is the lowest digit.
 */
function leftHalfSource(cores: readonly TrainCore[]): string {
  let below = indicesOf(cores);
  let offset = 0;
  const lines = cores.flatMap(({ left, size, right }, k) => {
    below /= size;
    const start = coreStart(k, offset, below, size, right);
    offset += left * size * right;
    const elements = range(right).map((r) => {
      const terms = range(left).map((l) => {
        const value = `cores[core${k} + ${l * size * right + r}u]`;
        return k === 0 ? value : `v${k - 1}_${l} * ${value}`;
      });
      return `  let v${k}_${r} = ${terms.join(' + ')};`;
    });
    return [start, ...elements];
  });
  const written = range(cores.at(-1)!.right).map(
    (r) => `  lefts[destination + ${r}u] = v${cores.length - 1}_${r};`,
  );
  return halfSource('leftHalf', [...lines, ...written]);
}

/** Multiplies the matrices with a column vector from the last core back. @param before values of the cores before these */
function rightHalfSource(cores: readonly TrainCore[], before: number, indices: number): string {
  let below = 1;
  let offset = before + valuesOf(cores);
  const lines = [...cores].reverse().flatMap(({ left, size, right }, k) => {
    offset -= left * size * right;
    const start = coreStart(k, offset, below, size, right);
    below *= size;
    const elements = range(left).map((l) => {
      const terms = range(right).map((r) => {
        const value = `cores[core${k} + ${l * size * right + r}u]`;
        return k === 0 ? value : `${value} * v${k - 1}_${r}`;
      });
      return `  let v${k}_${l} = ${terms.join(' + ')};`;
    });
    return [start, ...elements];
  });
  const written = range(cores[0].left).map(
    (l) => `  rights[destination + ${l * indices}u] = v${cores.length - 1}_${l};`,
  );
  return halfSource('rightHalf', [...lines, ...written]);
}

/** Offset of the matrix for the entry's digit. */
function coreStart(k: number, offset: number, below: number, size: number, right: number): string {
  return `  let core${k} = train + ${offset}u + entry / ${below}u % ${size}u * ${right}u;`;
}

function halfSource(name: string, lines: readonly string[]): string {
  return `fn ${name}(train: u32, entry: u32, destination: u32) {\n${lines.join('\n')}\n}`;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function indicesOf(cores: readonly TrainCore[]): number {
  return cores.reduce((product, { size }) => product * size, 1);
}

function valuesOf(cores: readonly TrainCore[]): number {
  return cores.reduce((sum, { left, size, right }) => sum + left * size * right, 0);
}
