import type * as tf from '@tensorflow/tfjs';
import { type Kernel, runKernel } from '../../run-kernel';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import { type Activation, activationSource } from '../wgsl/activation';
import derivativeSource from '../wgsl/activation-derivative.wgsl?raw';
import { declareInputs } from '../wgsl/epilogue';
import { kernelMemo } from '../wgsl/kernel-memo';
import { laneWidth, withLanes } from '../wgsl/lanes';

/** An activation function that does something. */
export type Nonlinearity = Exclude<Activation, 'none'>;

const remember = kernelMemo();

/** f(x) of every value. */
export function activated(x: tf.Tensor, activation: Nonlinearity): tf.Tensor {
  return run(activation, [x]);
}

/** dy · f′(x) of every value: what the activation f hands back to its input. @param change dy, of the shape of `x` */
export function activationGradient(x: tf.Tensor, change: tf.Tensor, activation: Nonlinearity): tf.Tensor {
  return run(activation, [x, change]);
}

function run(activation: Nonlinearity, inputs: readonly tf.Tensor[]): tf.Tensor {
  const [{ shape, size }] = inputs;
  const lanes = size / laneWidth(size);
  const [y] = runKernel(kernelFor(activation, inputs.length === 2, size), {
    inputs,
    outputs: [{ shape, dtype: 'float32' }],
    uniforms: [lanes],
    workgroups: workgroupsOf(lanes),
  });
  return y;
}

function kernelFor(activation: Nonlinearity, isGradient: boolean, size: number): Kernel {
  const lane = laneWidth(size);
  return remember(`${activation} ${isGradient} ${lane}`, () => {
    const names = isGradient ? ['x', 'change'] : ['x'];
    const inputs = names.map((name) => ({ name, type: 'array<Lane>' }));
    const ofValue = (component: string) =>
      isGradient
        ? `derivative(value${component}) * change[index]${component}`
        : `activate(value${component})`;
    const components = ['.x', '.y', '.z', '.w'].map(ofValue).join(', ');
    return elementKernel(
      {
        name: isGradient ? 'activation-gradient' : 'activated',
        source: withLanes(
          `${declareInputs(inputs)}
@group(0) @binding(${inputs.length}) var<storage, read_write> y: array<Lane>;
struct Uniforms { lanes: u32 }
@group(0) @binding(${inputs.length + 1}) var<uniform> uniforms: Uniforms;
${activationSource(activation)}
${isGradient ? derivativeSource : ''}
fn element(index: u32) {
  let value = x[index];
  y[index] = ${lane === 4 ? `vec4f(${components})` : ofValue('')};
}`,
          size,
        ),
      },
      'uniforms.lanes',
    );
  });
}
