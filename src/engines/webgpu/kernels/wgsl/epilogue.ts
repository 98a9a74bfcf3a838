import type * as tf from '@tensorflow/tfjs';
import { type Activation, activationSource } from './activation';

/** Operations on a product before it is written: activation(product + bias) + residual. */
export interface Epilogue {
  /** [outputs] */
  readonly bias?: tf.Tensor;
  readonly activation?: Activation;
  /** [tokens, outputs], like the product. */
  readonly residual?: tf.Tensor2D;
}

/** Whether the epilogue does nothing. */
export function isEmptyEpilogue({ bias, activation = 'none', residual }: Epilogue): boolean {
  return !bias && activation === 'none' && !residual;
}

/** Everything that an epilogue's WGSL depends on. */
export interface EpilogueConfig {
  readonly hasBias: boolean;
  readonly activation: Activation;
  readonly hasResidual: boolean;
}

/** Configuration of an epilogue's WGSL, part of the configuration of a kernel family. */
export function epilogueConfig({ bias, activation = 'none', residual }: Epilogue): EpilogueConfig {
  return { hasBias: bias !== undefined, activation, hasResidual: residual !== undefined };
}

const VALUES = 'array<f32>';

/** Buffers of an epilogue, to be added to the kernel's inputs. */
export function epilogueBuffers({ hasBias, hasResidual }: EpilogueConfig) {
  return { bias: hasBias ? VALUES : undefined, residual: hasResidual ? VALUES : undefined } as const;
}

/** Tensors of an epilogue for the launch. */
export function epilogueTensors({ bias, residual }: Epilogue) {
  return { bias, residual };
}

/**
 * WGSL of `fn finish(product: f32, output: u32, index: u32) -> f32`, where `index` is the written element of the whole
 * [tokens, outputs] result.
 * @param biasIndex WGSL expression of `output` and `index` for the index of the bias
 */
export function epilogueSource(
  { hasBias, activation, hasResidual }: EpilogueConfig,
  biasIndex = 'output',
): string {
  return `${activationSource(activation)}
fn finish(product: f32, output: u32, index: u32) -> f32 {
  return activate(product${hasBias ? ` + bias[${biasIndex}]` : ''})${hasResidual ? ' + residual[index]' : ''};
}`;
}
