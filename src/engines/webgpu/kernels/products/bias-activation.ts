import * as tf from '@tensorflow/tfjs';
import { defineKernel } from '../../define-kernel';
import { kernelFamily } from '../../kernel-family';
import {
  type Epilogue,
  epilogueBuffers,
  type EpilogueConfig,
  epilogueConfig,
  epilogueSource,
  epilogueTensors,
  isEmptyEpilogue,
} from '../wgsl/epilogue';
import body from './bias-activation.wgsl?raw';

const kernelOf = kernelFamily((epilogue: EpilogueConfig) =>
  defineKernel({
    name: 'bias-activation',
    inputs: { x: 'array<f32>', ...epilogueBuffers(epilogue) },
    outputs: { y: 'array<f32>' },
    uniforms: { width: 'u32' },
    body: [epilogueSource(epilogue), body],
  }),
);

/** activation(x + bias) + residual in a separate pass: [rows, width] → [rows, width]. */
export function biasActivation(x: tf.Tensor2D, epilogue: Epilogue): tf.Tensor2D {
  const [rows, width] = x.shape;
  return kernelOf(epilogueConfig(epilogue)).run({
    inputs: { x, ...epilogueTensors(epilogue) },
    outputs: { y: x.shape },
    uniforms: { width },
    workgroups: [Math.ceil(width / 64), rows],
  }).y;
}

/** Applies an epilogue after products that cannot fuse it; returns the product itself for an empty epilogue. */
export function applyEpilogue(multiply: () => tf.Tensor2D, epilogue: Epilogue = {}): tf.Tensor2D {
  if (isEmptyEpilogue(epilogue)) return multiply();
  return tf.tidy(() => biasActivation(multiply(), epilogue));
}
