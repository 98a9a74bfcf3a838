import * as tf from '@tensorflow/tfjs';
import { type Kernel, runKernel } from '../../run-kernel';
import { kernelMemo } from '../wgsl/kernel-memo';
import {
  declareInputs,
  type Epilogue,
  epilogueInputs,
  epilogueKey,
  epilogueSource,
  isEmptyEpilogue,
} from '../wgsl/epilogue';
import mainSource from './bias-activation.wgsl?raw';

const remember = kernelMemo();

/** activation(x + bias) + residual in a pass of its own: [rows, width] → [rows, width]. */
export function biasActivation(x: tf.Tensor2D, epilogue: Epilogue): tf.Tensor2D {
  const [rows, width] = x.shape;
  const [y] = runKernel(kernelFor(epilogue), {
    inputs: [x, ...epilogueInputs(epilogue).map(({ tensor }) => tensor)],
    outputs: [{ shape: x.shape, dtype: 'float32' }],
    uniforms: [width],
    workgroups: [Math.ceil(width / 64), rows],
  });
  return y as tf.Tensor2D;
}

/** For products that cannot apply an epilogue themselves: the product itself where there is nothing to do. */
export function applyEpilogue(multiply: () => tf.Tensor2D, epilogue: Epilogue = {}): tf.Tensor2D {
  if (isEmptyEpilogue(epilogue)) return multiply();
  return tf.tidy(() => biasActivation(multiply(), epilogue));
}

function kernelFor(epilogue: Epilogue): Kernel {
  const key = epilogueKey(epilogue);
  return remember(key, () => makeKernel(epilogue));
}

function makeKernel(epilogue: Epilogue): Kernel {
  const inputs = [{ name: 'x', type: 'array<f32>' }, ...epilogueInputs(epilogue)];
  return {
    name: 'bias-activation',
    source: `${declareInputs(inputs)}
@group(0) @binding(${inputs.length}) var<storage, read_write> y: array<f32>;
@group(0) @binding(${inputs.length + 1}) var<uniform> uniforms: Uniforms;
${epilogueSource(epilogue)}
${mainSource}`,
  };
}
