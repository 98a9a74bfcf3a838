import type * as tf from '@tensorflow/tfjs';
import { kernelFamily } from '../../kernel-family';
import type { Activation } from '../wgsl/activation';
import type { BoundBuffer } from '../wgsl/bound-buffers';
import { type Epilogue, type EpilogueConfig, epilogueConfig } from '../wgsl/epilogue';
import { type KernelProfile, kernelProfile } from '../wgsl/kernel-profile';
import { isWholeQuads, quadReader } from '../wgsl/quad-reader';
import { runProduct } from './product-kernel';
import { type RowForm, rowProductKernel, rowProductWorkgroups } from './row-product';

/** Assignment of tokens to experts, read on the GPU so that the step of a decoded token can be replayed for another. */
export interface TokenRouting {
  /** [tokens] int32 */
  readonly ids: tf.Tensor1D;
  /** [vocabulary] int32: expert of each token. */
  readonly experts: tf.Tensor1D;
}

const EXPERT_OF_TOKEN = `fn expertOf(token: u32) -> u32 { return u32(experts[ids[token]]); }`;

/** Everything that the WGSL of a product depends on. */
type Config = EpilogueConfig & {
  readonly form: string;
  readonly profile: KernelProfile['name'];
  readonly subgroupLanes: number | undefined;
  readonly isWhole: boolean;
};

const kernelOf = kernelFamily((config: Config, form: RowForm, width: number, profile: KernelProfile) =>
  rowProductKernel(form, width, config, profile),
);

/**
 * activation(x · Wₑᵀ + bₑ) for a few tokens, where e is each token's expert: [tokens, in] → [tokens, size]. Only the rows of
 * these experts are read.
 *
 * @param weight [experts · size, in], grouped by expert
 * @param bias [experts · size]
 * @param size outputs per expert
 */
export function expertRowsProduct(
  x: tf.Tensor2D,
  weight: tf.Tensor,
  bias: tf.Tensor,
  routing: TokenRouting,
  size: number,
  activation: Activation,
): tf.Tensor2D {
  const width = x.shape[1];
  const reader = quadReader('w', isWholeQuads(width));
  const form: RowForm = {
    name: 'expert-rows',
    inputs: [
      { name: 'w', type: reader.type, tensor: weight },
      { name: 'expertBias', type: 'array<f32>', tensor: bias },
      ...routingInputs(routing),
    ],
    declarations: `${reader.source}\n${EXPERT_OF_TOKEN}`,
    columnsPerStep: 4,
    // The lanes' partial sums are added; one lane adds the bias.
    rowState: (r) => `  let own${r} = expertOf(token) * uniforms.outputs + row${r};
  let w${r} = wStart(own${r});
  sum${r} = select(0.0, expertBias[own${r}], lane == 0u);`,
    rowStep: (r) => `    sum${r} += dot(x0, wQuad(w${r}, step));`,
  };
  return launch(form, x, size, { activation });
}

/**
 * x · Vₑᵀ + bias + residual for a few tokens, where e is each token's expert: [tokens, size] → [tokens, out]. Only the
 * columns of these experts are read.
 *
 * @param weight [out, experts · size], V with columns grouped by expert
 */
export function expertColumnsProduct(
  x: tf.Tensor2D,
  weight: tf.Tensor2D,
  routing: TokenRouting,
  epilogue: Epilogue,
): tf.Tensor2D {
  const [outputs, inputs] = weight.shape;
  const size = x.shape[1];
  const reader = quadReader('w', isWholeQuads(size));
  const experts = inputs / size;
  const form: RowForm = {
    name: `expert-columns of ${experts}`,
    inputs: [{ name: 'w', type: reader.type, tensor: weight }, ...routingInputs(routing)],
    declarations: `${reader.source}\n${EXPERT_OF_TOKEN}`,
    columnsPerStep: 4,
    // The matrix is viewed as out · experts rows.
    rowState: (r) => `  let w${r} = wStart(row${r} * ${experts}u + expertOf(token));`,
    rowStep: (r) => `    sum${r} += dot(x0, wQuad(w${r}, step));`,
  };
  return launch(form, x, outputs, epilogue);
}

function routingInputs({ ids, experts }: TokenRouting): BoundBuffer[] {
  return [
    { name: 'ids', type: 'array<i32>', tensor: ids },
    { name: 'experts', type: 'array<i32>', tensor: experts },
  ];
}

function launch(form: RowForm, x: tf.Tensor2D, outputs: number, epilogue: Epilogue): tf.Tensor2D {
  const [tokens, width] = x.shape;
  const profile = kernelProfile();
  const { name, subgroupLanes } = profile;
  const config = { form: form.name, profile: name, subgroupLanes, isWhole: isWholeQuads(width) };
  const kernel = kernelOf({ ...config, ...epilogueConfig(epilogue) }, form, width, profile);
  const workgroups = rowProductWorkgroups(outputs, tokens, profile);
  return runProduct({ kernel, workgroups }, x, form.inputs, outputs, epilogue);
}
