import * as tf from '@tensorflow/tfjs';
import { type KernelOutput, runKernel } from '../gpu/run-kernel';
import source from './select-columns.wgsl?raw';

/** Takes columns by index: [rows, in] → [rows, kept.length]. */
export function gatherColumns(x: tf.Tensor2D, kept: tf.Tensor): tf.Tensor2D {
  return select(x, kept, true, { shape: [x.shape[0], kept.size], dtype: 'float32' }, kept.size);
}

/** Puts columns where they belong among `width` columns, zeros between: [rows, kept.length] → [rows, width]. */
export function scatterColumns(x: tf.Tensor2D, kept: tf.Tensor, width: number): tf.Tensor2D {
  return select(x, kept, false, tf.zeros([x.shape[0], width]), width);
}

function select(
  x: tf.Tensor2D,
  kept: tf.Tensor,
  gather: boolean,
  output: KernelOutput,
  width: number,
): tf.Tensor2D {
  const [rows, inputWidth] = x.shape;
  const [y] = runKernel(
    { name: 'select-columns', source, constants: { GATHER: gather } },
    {
      inputs: [x, kept],
      outputs: [output],
      uniforms: [kept.size, inputWidth, width],
      workgroups: [Math.ceil(kept.size / 64), rows],
    },
  );
  return y as tf.Tensor2D;
}
