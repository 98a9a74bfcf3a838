import type * as tf from '@tensorflow/tfjs';
import { type Activation, activationSource } from './activation';

/** What becomes of a product before it is written: activation(product + bias) + residual. */
export interface Epilogue {
  /** [outputs] */
  readonly bias?: tf.Tensor;
  readonly activation?: Activation;
  /** [tokens, outputs], as the product itself. */
  readonly residual?: tf.Tensor2D;
}

/** Whether there is nothing to do. */
export function isEmptyEpilogue({ bias, activation = 'none', residual }: Epilogue): boolean {
  return !bias && activation === 'none' && !residual;
}

/** A storage buffer that a kernel reads. */
export interface InputBinding {
  readonly name: string;
  /** WGSL type, such as `array<vec4f>`. */
  readonly type: string;
  readonly tensor: tf.Tensor;
}

/** Declares inputs from binding 0 on, in order. */
export function declareInputs(inputs: readonly Omit<InputBinding, 'tensor'>[]): string {
  return inputs
    .map(({ name, type }, binding) => `@group(0) @binding(${binding}) var<storage, read> ${name}: ${type};`)
    .join('\n');
}

/** The buffers that an epilogue reads: add them to the kernel's inputs. */
export function epilogueInputs({ bias, residual }: Epilogue): InputBinding[] {
  return [
    ...(bias ? [{ name: 'bias', type: 'array<f32>', tensor: bias }] : []),
    ...(residual ? [{ name: 'residual', type: 'array<f32>', tensor: residual }] : []),
  ];
}

/** Tells epilogues of different WGSL apart. */
export function epilogueKey({ bias, activation = 'none', residual }: Epilogue): string {
  return `${bias ? 'bias' : ''} ${activation} ${residual ? 'residual' : ''}`;
}

/**
 * WGSL of `fn finish(product: f32, output: u32, index: u32) -> f32`, where `index` is the element of the whole
 * [tokens, outputs] result that is written.
 * @param biasIndex WGSL of where the bias stands, of `output` and `index`
 */
export function epilogueSource(
  { bias, activation = 'none', residual }: Epilogue,
  biasIndex = 'output',
): string {
  return `${activationSource(activation)}
fn finish(product: f32, output: u32, index: u32) -> f32 {
  return activate(product${bias ? ` + bias[${biasIndex}]` : ''})${residual ? ' + residual[index]' : ''};
}`;
}
