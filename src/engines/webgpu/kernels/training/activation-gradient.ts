import type * as tf from '@tensorflow/tfjs';
import { kernelFamily } from '../../kernel-family';
import { elementKernel, workgroupsOf } from '../wgsl/element-kernel';
import { type Activation, activationSource } from '../wgsl/activation';
import derivativeSource from '../wgsl/activation-derivative.wgsl?raw';
import { laneWidth, type LaneWidth, lanesSource } from '../wgsl/lanes';

/** Activation function other than the identity. */
export type Nonlinearity = Exclude<Activation, 'none'>;

type Config = { activation: Nonlinearity; lane: LaneWidth };

const LANES = 'array<Lane>';

const activatedKernel = kernelFamily(({ activation, lane }: Config) =>
  elementKernel(
    {
      name: 'activated',
      inputs: { x: LANES },
      outputs: { y: LANES },
      uniforms: { lanes: 'u32' },
      body: [
        lanesSource(lane),
        activationSource(activation),
        eachComponent(lane, (component) => `activate(value${component})`),
      ],
    },
    'uniforms.lanes',
  ),
);

const gradientKernel = kernelFamily(({ activation, lane }: Config) =>
  elementKernel(
    {
      name: 'activation-gradient',
      inputs: { x: LANES, change: LANES },
      outputs: { y: LANES },
      uniforms: { lanes: 'u32' },
      body: [
        lanesSource(lane),
        activationSource(activation),
        derivativeSource,
        eachComponent(lane, (component) => `derivative(value${component}) * change[index]${component}`),
      ],
    },
    'uniforms.lanes',
  ),
);

/** WGSL of `element`, with an expression for each component of a lane. */
function eachComponent(lane: LaneWidth, expression: (component: string) => string): string {
  const components = ['.x', '.y', '.z', '.w'].map(expression).join(', ');
  return `fn element(index: u32) {
  let value = x[index];
  y[index] = ${lane === 4 ? `vec4f(${components})` : expression('')};
}`;
}

/** f(x) elementwise. */
export function activated(x: tf.Tensor, activation: Nonlinearity): tf.Tensor {
  const { lane, ...launch } = launchOf(x);
  return activatedKernel({ activation, lane }).run({ inputs: { x }, ...launch }).y;
}

/** Gradient dy · f′(x) with respect to the input of an activation f. @param change dy, of the shape of `x` */
export function activationGradient(x: tf.Tensor, change: tf.Tensor, activation: Nonlinearity): tf.Tensor {
  const { lane, ...launch } = launchOf(x);
  return gradientKernel({ activation, lane }).run({ inputs: { x, change }, ...launch }).y;
}

function launchOf({ shape, size }: tf.Tensor) {
  const lane = laneWidth(size);
  const lanes = size / lane;
  return { lane, outputs: { y: shape }, uniforms: { lanes }, workgroups: workgroupsOf(lanes) };
}
