import * as tf from '@tensorflow/tfjs';
import type { Buffers, TensorsFor } from '../../define-kernel';
import { kernelFamily } from '../../kernel-family';
import { elementKernel, workgroupsOf } from './element-kernel';
import { laneWidth, type LaneWidth, lanesSource } from './lanes';
import mainSource from './column-reduction.wgsl?raw';

/** What is gathered of each column of a matrix, or of several of one shape. `Lane` is four neighbouring columns, or one. */
export interface ColumnReduction<Inputs extends Buffers> {
  readonly name: string;
  /** Buffers that `term` reads. */
  readonly inputs: Inputs;
  /** WGSL of `fn term(row: u32, index: u32) -> Lane`, where `index` counts the lanes of the whole matrix. */
  readonly term: string;
  /** WGSL of an expression of `a` and `b`; 0 must change nothing. */
  readonly combined: string;
}

/** The columns' results, [width], of matrices [rows, width]. */
export type ReduceColumns<Inputs extends Buffers> = (
  inputs: TensorsFor<Inputs>,
  shape: readonly [number, number],
) => tf.Tensor1D;

/**
 * Rows that one invocation goes through. A walk over all rows would leave most of a GPU idle where there are few columns: bands
 * of rows are gathered side by side, then what they gave.
 */
const BAND_ROWS = 64;

/** Makes the function that gathers it. */
export function columnReduction<Inputs extends Buffers>(
  reduction: ColumnReduction<Inputs>,
): ReduceColumns<Inputs> {
  const kernelOf = kernelFamily(({ lane }: { lane: LaneWidth }) => reductionKernel(reduction, lane));
  let reduceBands: ReduceColumns<{ x: 'array<Lane>' }> | undefined;
  return (inputs, [rows, width]) => {
    const lane = laneWidth(width);
    const lanes = width / lane;
    const bands = Math.max(1, Math.ceil(rows / BAND_ROWS));
    const launch = <const Shape extends readonly number[]>(shape: Shape) =>
      kernelOf({ lane }).run({
        inputs,
        outputs: { y: shape },
        uniforms: { rows, lanes, bands, bandRows: BAND_ROWS },
        workgroups: workgroupsOf(bands * lanes),
      }).y;
    if (bands === 1) return launch([width]);
    const reduceFurther = (reduceBands ??= columnReduction(ofBands(reduction)));
    return tf.tidy(() => reduceFurther({ x: launch([bands, width]) }, [bands, width]));
  };
}

/** What the bands gave is put together as it is. */
function ofBands({ name, combined }: Pick<ColumnReduction<Buffers>, 'name' | 'combined'>) {
  return {
    name: `${name}-of-bands`,
    inputs: { x: 'array<Lane>' } as const,
    term: 'fn term(row: u32, index: u32) -> Lane { return x[index]; }',
    combined,
  };
}

function reductionKernel<Inputs extends Buffers>(
  { name, inputs, term, combined }: ColumnReduction<Inputs>,
  lane: LaneWidth,
) {
  return elementKernel(
    {
      name,
      inputs,
      outputs: { y: 'array<Lane>' },
      uniforms: {
        rows: 'u32',
        /** Lanes of a row. */
        lanes: 'u32',
        bands: 'u32',
        bandRows: 'u32',
      },
      body: [
        lanesSource(lane),
        term,
        `fn combined(a: Lane, b: Lane) -> Lane { return ${combined}; }`,
        mainSource,
      ],
    },
    'uniforms.bands * uniforms.lanes',
  );
}
