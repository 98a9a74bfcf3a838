import type * as tf from '@tensorflow/tfjs';
import { defineKernel } from '../../define-kernel';
import body from './append-to-cache.wgsl?raw';
import type { LayerKeysAndValues } from './cached-attention';

const KERNEL = defineKernel({
  name: 'append-to-cache',
  inputs: { qkv: 'array<f32>', lengths: 'array<i32>' },
  outputs: { keys: 'array<f32>', values: 'array<f32>' },
  uniforms: { width: 'u32' },
  body,
});

/**
 * Writes key and value of the newest token into a cache, at a position that is read on the GPU so that the launch can be
 * replayed.
 * @param qkv [1, 3·width]; @param lengths [1] int32: tokens of the sequence, including the new one
 */
export function appendToCache(
  qkv: tf.Tensor2D,
  { keys, values }: LayerKeysAndValues,
  lengths: tf.Tensor1D,
): void {
  const width = keys.shape[1];
  KERNEL.run({
    inputs: { qkv, lengths },
    outputs: { keys, values },
    uniforms: { width },
    workgroups: [Math.ceil(width / 64)],
  });
}
