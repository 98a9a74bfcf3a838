import type { Matrix } from './matrix';
import { type Code, doWhile, f64x2, i32, Locals } from './web-assembly';

/** Columns of a panel, the kernel's right operand: two rows of this many sums fit the sixteen vector registers. */
export const PANEL = 8;

const PAGE_BYTES = 65536;
const FLOAT_BYTES = 8;
const VECTOR_BYTES = 16;
const ROWS_TOGETHER = 2;

/** Matrix in a heap. */
export interface HeapMatrix extends Matrix {
  readonly values: Float64Array<ArrayBuffer>;
}

/**
 * Memory of the matrix product's kernel, about three times as fast as JavaScript: WebAssembly multiplies two float64 at a time
 * and checks no bounds. Its size is fixed, because growing would invalidate every view.
 */
export class PanelHeap {
  private readonly memory: WebAssembly.Memory;
  private readonly run: (...values: number[]) => void;
  private used = 0;

  /** @param shapes of all matrices that will be allocated */
  constructor(shapes: readonly (readonly [rows: number, columns: number])[]) {
    const floats = shapes.reduce((sum, [rows, columns]) => sum + paddedLength(rows, columns), 0);
    this.memory = new WebAssembly.Memory({ initial: Math.ceil((floats * FLOAT_BYTES) / PAGE_BYTES) });
    const instance = new WebAssembly.Instance(compiledKernel(), { lathe: { memory: this.memory } });
    this.run = instance.exports.run as (...values: number[]) => void;
  }

  /** Allocates a matrix of zeros. */
  allocate(rows: number, columns: number): HeapMatrix {
    const values = new Float64Array(this.memory.buffer, this.used * FLOAT_BYTES, rows * columns);
    this.used += paddedLength(rows, columns);
    return { rows, columns, values };
  }

  /**
   * result = A[firstRow … firstRow + rows, 0 … inner] · panel. All three are matrices of this heap, `panel` and `result` with
   * PANEL columns. An odd last row is computed together with the next one in memory, which only affects a spare row after the
   * end of `result`.
   */
  multiply(
    a: HeapMatrix,
    panel: HeapMatrix,
    result: HeapMatrix,
    { firstRow = 0, rows = a.rows, inner = a.columns } = {},
  ): void {
    if (rows === 0) return;
    const rowBytes = a.columns * FLOAT_BYTES;
    const start = a.values.byteOffset + firstRow * rowBytes;
    this.run(start, rowBytes, panel.values.byteOffset, result.values.byteOffset, rows, inner * FLOAT_BYTES);
  }
}

/** Length with a spare row after each matrix, for the kernel's last pair of rows. */
const paddedLength = (rows: number, columns: number) => (rows + 1) * columns;

let compiled: WebAssembly.Module | undefined;
const compiledKernel = () => (compiled ??= new WebAssembly.Module(kernel()));

/**
 * Multiplies two rows of A at a time by the whole panel: each loaded value of the panel is used twice and each of A eight
 * times, and the sixteen sums never leave the registers.
 */
function kernel(): Uint8Array<ArrayBuffer> {
  const locals = new Locals(6);
  const [a, rowBytes, panel, result, rows, innerBytes] = Array.from({ length: 6 }, (_, index) =>
    locals.parameter(index),
  );
  const pairs = PANEL / 2;
  const [upper, lower, inPanel, end] = locals.addMany('i32', 4);
  const factor = locals.add('v128');
  const panelRow = locals.addMany('v128', pairs);
  const sums = [upper, lower].map((row) => ({ row, values: locals.addMany('v128', pairs) }));
  const advance = (pointer: typeof a, bytes: Code) => pointer.set(i32.add(pointer.get, bytes));

  const innerLoop = doWhile(
    [
      ...panelRow.map((pair, index) => pair.set(f64x2.load(inPanel.get, index * VECTOR_BYTES))),
      ...sums.flatMap(({ row, values }) => [
        factor.set(f64x2.loadBroadcast(row.get)),
        ...values.map((sum, index) =>
          sum.set(f64x2.add(sum.get, f64x2.multiply(factor.get, panelRow[index].get))),
        ),
        advance(row, i32.constant(FLOAT_BYTES)),
      ]),
      advance(inPanel, i32.constant(PANEL * FLOAT_BYTES)),
    ],
    i32.lessThan(upper.get, end.get),
  );

  return locals.module([
    doWhile(
      [
        upper.set(a.get),
        lower.set(i32.add(a.get, rowBytes.get)),
        end.set(i32.add(a.get, innerBytes.get)),
        inPanel.set(panel.get),
        ...sums.flatMap(({ values }) => values.map((sum) => sum.set(f64x2.zero))),
        innerLoop,
        ...sums.flatMap(({ values }, row) =>
          values.map((sum, index) => f64x2.store(result.get, (row * pairs + index) * VECTOR_BYTES, sum.get)),
        ),
        advance(a, i32.add(rowBytes.get, rowBytes.get)),
        advance(result, i32.constant(ROWS_TOGETHER * PANEL * FLOAT_BYTES)),
        rows.set(i32.subtract(rows.get, i32.constant(ROWS_TOGETHER))),
      ],
      // Signed, because an odd number of rows ends at −1: 0 < rows.
      i32.lessThan(i32.constant(0), rows.get),
    ),
  ]);
}
