import * as tf from '@tensorflow/tfjs';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import body from './select-columns.wgsl?raw';

const kernel = (gather: boolean) =>
  elementKernel({
    name: 'select-columns',
    inputs: { x: 'array<f32>', kept: 'array<u32>' },
    outputs: { y: 'array<f32>' },
    uniforms: { elements: 'u32', count: 'u32', inputStride: 'u32', outputStride: 'u32' },
    constants: { GATHER: gather },
    body,
  });
const GATHER = kernel(true);
const SCATTER = kernel(false);

/** Gathers columns by index: [rows, in] → [rows, kept.length]. */
export function gatherColumns(x: tf.Tensor2D, kept: tf.Tensor): tf.Tensor2D {
  const y = [x.shape[0], kept.size] as const;
  return GATHER.run({ outputs: { y }, ...launchOf(x, kept, kept.size) }).y;
}

/** Scatters columns to their indices among `width` columns, with zeros between: [rows, kept.length] → [rows, width]. */
export function scatterColumns(x: tf.Tensor2D, kept: tf.Tensor, width: number): tf.Tensor2D {
  const y = tf.zeros<tf.Rank.R2>([x.shape[0], width]);
  return SCATTER.run({ outputs: { y }, ...launchOf(x, kept, width) }).y;
}

function launchOf(x: tf.Tensor2D, kept: tf.Tensor, outputStride: number) {
  const [rows, inputStride] = x.shape;
  const elements = rows * kept.size;
  return {
    inputs: { x, kept },
    uniforms: { elements, count: kept.size, inputStride, outputStride },
    workgroups: workgroupsOf(elements),
  };
}
