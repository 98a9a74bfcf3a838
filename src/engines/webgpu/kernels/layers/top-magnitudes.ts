import type * as tf from '@tensorflow/tfjs';
import { defineKernel } from '../../define-kernel';
import { kernelFamily } from '../../kernel-family';
import { kernelProfile } from '../wgsl/kernel-profile';
import body from './top-magnitudes.wgsl?raw';

/** Barriers between subgroups are expensive on software adapters. */
const THREADS = { software: 4, hardware: 64 } as const;

const kernelOf = kernelFamily(({ threads }: { threads: number }) =>
  defineKernel({
    name: 'top-magnitudes',
    inputs: { x: 'array<f32>' },
    outputs: { y: 'array<f32>' },
    uniforms: { width: 'u32', kept: 'u32' },
    constants: { THREADS: threads },
    body,
  }),
);

/**
 * Keeps the values of greatest magnitude in each row and sets the others to zero; values equal to the threshold all stay.
 * @param x [rows, width]; @param kept values per row, 1 to width
 */
export function topMagnitudes(x: tf.Tensor2D, kept: number): tf.Tensor2D {
  const [rows, width] = x.shape;
  return kernelOf({ threads: THREADS[kernelProfile().name] }).run({
    inputs: { x },
    outputs: { y: x.shape },
    uniforms: { width, kept },
    workgroups: [rows],
  }).y;
}
