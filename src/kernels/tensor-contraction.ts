import type * as tf from '@tensorflow/tfjs';
import { runKernel } from '../gpu/run-kernel';
import source from './tensor-contraction.wgsl?raw';

/** Elements from one to the next along an index that is a pair (outer, inner). */
export interface PairStrides {
  readonly outer: number;
  readonly inner: number;
}

/** y[g, m, n] = Σ_k factor[m, k] · x[g, k, n]; every stride counts float32 elements. */
export interface Contraction {
  readonly groups: number;
  readonly rows: number;
  readonly columns: number;
  /** k runs over pairs (outer, inner). */
  readonly terms: { readonly outer: number; readonly inner: number };
  /** Size of the inner part of m. */
  readonly rowInner: number;
  readonly factorRow: PairStrides;
  readonly factorTerm: PairStrides;
  readonly x: { readonly group: number; readonly term: PairStrides; readonly column: number };
  readonly y: { readonly group: number; readonly row: number; readonly column: number };
  readonly outputShape: number[];
}

const THREADS = 64;
/** Below so many columns a tile of four would mostly be edge. */
const FEW_COLUMNS = 3;

/** Contracts a dense factor with activations; see `Contraction`. */
export function contractTensor(factor: tf.Tensor, x: tf.Tensor, contraction: Contraction): tf.Tensor2D {
  const { groups, rows, columns, terms, rowInner, factorRow, factorTerm, outputShape } = contraction;
  const few = columns <= FEW_COLUMNS;
  const tile = few ? 1 : 4;
  const tiles = Math.ceil(rows / tile) * Math.ceil(columns / tile);
  const [y] = runKernel(
    { name: 'tensor-contraction', source, constants: { FEW: few } },
    {
      inputs: [factor, x],
      outputs: [{ shape: outputShape, dtype: 'float32' }],
      uniforms: [
        groups,
        rows,
        columns,
        terms.outer,
        terms.inner,
        rowInner,
        factorRow.outer,
        factorRow.inner,
        factorTerm.outer,
        factorTerm.inner,
        contraction.x.group,
        contraction.x.term.outer,
        contraction.x.term.inner,
        contraction.x.column,
        contraction.y.group,
        contraction.y.row,
        contraction.y.column,
      ],
      workgroups: [Math.ceil(tiles / THREADS), groups],
    },
  );
  return y as tf.Tensor2D;
}
