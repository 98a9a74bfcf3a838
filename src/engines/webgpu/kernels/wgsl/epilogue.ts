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

/** What an epilogue's WGSL depends on. */
export interface EpilogueConfig {
  readonly hasBias: boolean;
  readonly activation: Activation;
  readonly hasResidual: boolean;
}

/** What the WGSL of this epilogue depends on: part of the configuration of a family of kernels. */
export function epilogueConfig({ bias, activation = 'none', residual }: Epilogue): EpilogueConfig {
  return { hasBias: bias !== undefined, activation, hasResidual: residual !== undefined };
}

const VALUES = 'array<f32>';

/** The buffers that an epilogue reads: add them to the kernel's inputs. */
export function epilogueBuffers({ hasBias, hasResidual }: EpilogueConfig) {
  return { bias: hasBias ? VALUES : undefined, residual: hasResidual ? VALUES : undefined } as const;
}

/** Its tensors, for the launch. */
export function epilogueTensors({ bias, residual }: Epilogue) {
  return { bias, residual };
}

/**
 * WGSL of `fn finish(product: f32, output: u32, index: u32) -> f32`, where `index` is the element of the whole
 * [tokens, outputs] result that is written.
 * @param biasIndex WGSL of where the bias stands, of `output` and `index`
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
