import * as tf from '@tensorflow/tfjs';
import { type Kernel, runKernel } from '../../run-kernel';
import { elementKernel, workgroupsOf } from './element-kernel';
import { declareInputs } from './epilogue';
import { kernelMemo } from './kernel-memo';
import { laneWidth, withLanes } from './lanes';
import mainSource from './column-reduction.wgsl?raw';

/** What is gathered of each column of a matrix, or of several of one shape. `Lane` is four neighbouring columns, or one. */
export interface ColumnReduction {
  readonly name: string;
  /** Buffers, with their WGSL types, that `term` reads. */
  readonly inputs: readonly { readonly name: string; readonly type: string }[];
  /** WGSL of `fn term(row: u32, index: u32) -> Lane`, where `index` counts the lanes of the whole matrix. */
  readonly term: string;
  /** WGSL of an expression of `a` and `b`; 0 must change nothing. */
  readonly combined: string;
}

/**
 * Rows that one invocation goes through. A walk over all rows would leave most of a GPU idle where there are few columns: bands
 * of rows are gathered side by side, then what they gave.
 */
const BAND_ROWS = 64;

const remember = kernelMemo();

/** The columns' results, [width], of matrices [rows, width]. */
export function reduceColumns(
  reduction: ColumnReduction,
  inputs: readonly tf.Tensor[],
  [rows, width]: readonly [number, number],
): tf.Tensor1D {
  const bands = Math.max(1, Math.ceil(rows / BAND_ROWS));
  const lanes = width / laneWidth(width);
  const reduceBands = () =>
    runKernel(kernelFor(reduction, width), {
      inputs,
      outputs: [{ shape: bands === 1 ? [width] : [bands, width], dtype: 'float32' }],
      uniforms: [rows, lanes, bands, BAND_ROWS],
      workgroups: workgroupsOf(bands * lanes),
    })[0];
  if (bands === 1) return reduceBands() as tf.Tensor1D;
  return tf.tidy(() => reduceColumns(ofBands(reduction), [reduceBands()], [bands, width]));
}

/** What the bands gave is put together as it is. */
function ofBands({ name, combined }: ColumnReduction): ColumnReduction {
  return {
    name: `${name}-of-bands`,
    inputs: [{ name: 'x', type: 'array<Lane>' }],
    term: 'fn term(row: u32, index: u32) -> Lane { return x[index]; }',
    combined,
  };
}

function kernelFor(reduction: ColumnReduction, width: number): Kernel {
  return remember(`${reduction.name} ${laneWidth(width)}`, () => makeKernel(reduction, width));
}

function makeKernel({ name, inputs, term, combined }: ColumnReduction, width: number): Kernel {
  return elementKernel(
    {
      name,
      source: withLanes(
        `struct Uniforms {
  rows: u32,
  // Lanes of a row.
  lanes: u32,
  bands: u32,
  bandRows: u32,
}
${declareInputs(inputs)}
@group(0) @binding(${inputs.length}) var<storage, read_write> y: array<Lane>;
@group(0) @binding(${inputs.length + 1}) var<uniform> uniforms: Uniforms;
${term}
fn combined(a: Lane, b: Lane) -> Lane { return ${combined}; }
${mainSource}`,
        width,
      ),
    },
    'uniforms.bands * uniforms.lanes',
  );
}
