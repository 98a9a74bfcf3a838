import * as tf from '@tensorflow/tfjs';
import type { Buffers, TensorsFor } from '../../define-kernel';
import { kernelFamily } from '../../kernel-family';
import { elementKernel, workgroupsOf } from './element-kernel';
import { laneWidth, type LaneWidth, lanesSource } from './lanes';
import mainSource from './column-reduction.wgsl?raw';

/** Reduction over each column of one or several matrices of the same shape. `Lane` is four adjacent columns, or one. */
export interface ColumnReduction<Inputs extends Buffers> {
  readonly name: string;
  /** Buffers that `term` reads. */
  readonly inputs: Inputs;
  /** WGSL of `fn term(row: u32, index: u32) -> Lane`, where `index` counts the lanes of the whole matrix. */
  readonly term: string;
  /** WGSL expression that combines `a` and `b`; 0 must be its neutral element. */
  readonly combined: string;
}

/** Reduces matrices [rows, width] to their columns' results, [width]. */
export type ReduceColumns<Inputs extends Buffers> = (
  inputs: TensorsFor<Inputs>,
  shape: readonly [number, number],
) => tf.Tensor1D;

/**
 * Rows per invocation. Iterating over all rows would leave a GPU idle if there are few columns: bands of rows are reduced in
 * parallel, then their results.
 */
const BAND_ROWS = 64;

/** Creates the reduction function. */
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

/** Combines the results of the bands. */
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
        /** Lanes per row. */
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
