import * as tf from '@tensorflow/tfjs';
import { type Kernel, type KernelOutput, runKernel } from '../../run-kernel';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import source from './select-columns.wgsl?raw';

const kernel = (gather: boolean): Kernel =>
  elementKernel({ name: 'select-columns', source, constants: { GATHER: gather } });
const GATHER = kernel(true);
const SCATTER = kernel(false);

/** Takes columns by index: [rows, in] → [rows, kept.length]. */
export function gatherColumns(x: tf.Tensor2D, kept: tf.Tensor): tf.Tensor2D {
  return select(GATHER, x, kept, { shape: [x.shape[0], kept.size], dtype: 'float32' }, kept.size);
}

/** Puts columns where they belong among `width` columns, zeros between: [rows, kept.length] → [rows, width]. */
export function scatterColumns(x: tf.Tensor2D, kept: tf.Tensor, width: number): tf.Tensor2D {
  return select(SCATTER, x, kept, tf.zeros([x.shape[0], width]), width);
}

function select(
  which: Kernel,
  x: tf.Tensor2D,
  kept: tf.Tensor,
  output: KernelOutput,
  width: number,
): tf.Tensor2D {
  const [rows, inputWidth] = x.shape;
  const elements = rows * kept.size;
  const [y] = runKernel(which, {
    inputs: [x, kept],
    outputs: [output],
    uniforms: [elements, kept.size, inputWidth, width],
    workgroups: workgroupsOf(elements),
  });
  return y as tf.Tensor2D;
}
