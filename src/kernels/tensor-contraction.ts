import type * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../gpu/device';
import { runKernel } from '../gpu/run-kernel';
import { foldWorkgroups } from './fold-workgroups';
import fewSource from './tensor-contraction-few.wgsl?raw';
import header from './tensor-contraction-header.wgsl?raw';
import manySource from './tensor-contraction.wgsl?raw';

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
const TILE = 4;
/**
 * Contracts a dense factor with activations; see `Contraction`. Positions, the pairs (g, n), are numbered through, so
 * that one token with many columns and many tokens with one column fill the kernel alike.
 */
export function contractTensor(factor: tf.Tensor, x: tf.Tensor, contraction: Contraction): tf.Tensor2D {
  const { groups, rows, columns, terms, rowInner, factorRow, factorTerm, outputShape } = contraction;
  const positions = groups * columns;
  // A tile of fewer positions would mostly be edge; from four on it is the faster one, for one token too.
  const few = positions < TILE;
  const invocations = few ? rows * positions : Math.ceil(rows / TILE) * Math.ceil(positions / TILE);
  const limit = currentGpu().device.limits.maxComputeWorkgroupsPerDimension;
  const [y] = runKernel(
    few
      ? { name: 'tensor-contraction-few', source: `${header}\n${fewSource}` }
      : { name: 'tensor-contraction', source: `${header}\n${manySource}` },
    {
      inputs: [factor, x],
      outputs: [{ shape: outputShape, dtype: 'float32' }],
      uniforms: [
        positions,
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
      workgroups: foldWorkgroups(Math.ceil(invocations / THREADS), limit),
    },
  );
  return y as tf.Tensor2D;
}
