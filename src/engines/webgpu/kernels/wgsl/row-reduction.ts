import type * as tf from '@tensorflow/tfjs';
import { type Kernel, type KernelOutput, runKernel } from '../../run-kernel';
import { kernelMemo } from './kernel-memo';
import { declareInputs } from './epilogue';
import { kernelProfile } from './kernel-profile';
import { quadKey } from './quad-reader';
import { type RowBuffer, rowBuffers, rowLoopSource, rowQuadSource } from './row-quads';
import shared from './row-reduction.wgsl?raw';

/** A kernel that goes over each row of one or more matrices of logits once. */
export interface RowReduction {
  readonly name: string;
  /**
   * WGSL of `State`, what is known of a share of a row; `EMPTY`, the state of no logits;
   * `including(state: State, quad: u32, values: vec4f) -> State`, with `values` of each matrix;
   * `merged(a: State, b: State) -> State`; and `finish(index: u32, row: Row, state: State)`, which writes.
   */
  readonly source: string;
  /** Members of `State`, in order. */
  readonly state: readonly string[];
  /** Matrices of logits; WGSL reads them by `<name>Quad`. */
  readonly logits: readonly string[];
  readonly inputs: readonly RowBuffer[];
  readonly outputs: readonly RowBuffer[];
}

export interface RowReductionTensors {
  /** [rows, vocabulary] each, at least four values. */
  readonly logits: readonly tf.Tensor2D[];
  readonly inputs?: readonly tf.Tensor[];
  readonly outputs: readonly KernelOutput[];
}

/**
 * Threads a row. Vocabularies are large, so GPUs keep many reads under way; what a software adapter pays for is barriers
 * between subgroups.
 */
const HARDWARE_THREADS = 256;
const SOFTWARE_THREADS = 4;

const remember = kernelMemo();

/** Launches one workgroup a row and returns the outputs. */
export function reduceRows(reduction: RowReduction, tensors: RowReductionTensors): tf.Tensor[] {
  const { logits, inputs = [], outputs } = tensors;
  const [rows, width] = logits[0].shape;
  const buffers = logits.flatMap((matrix, index) =>
    rowBuffers(reduction.logits[index], width).map(() => matrix),
  );
  return runKernel(kernelFor(reduction, width), {
    inputs: [...buffers, ...inputs],
    outputs,
    uniforms: [width],
    workgroups: [rows],
  });
}

function kernelFor(reduction: RowReduction, width: number): Kernel {
  const { name, subgroupLanes } = kernelProfile();
  const lanes = name === 'software' ? subgroupLanes : undefined;
  const threads = lanes ?? (name === 'software' ? SOFTWARE_THREADS : HARDWARE_THREADS);
  const key = `${reduction.name} ${quadKey(width)} ${threads} ${lanes !== undefined}`;
  return remember(key, () => makeKernel(reduction, width, threads, lanes !== undefined));
}

function makeKernel(reduction: RowReduction, width: number, threads: number, bySubgroup: boolean): Kernel {
  const { name, source, state, logits } = reduction;
  const thread = bySubgroup ? '@builtin(subgroup_invocation_id)' : '@builtin(local_invocation_index)';
  return {
    name,
    source: [
      `const THREADS = ${threads}u;`,
      declareBindings(reduction, width),
      shared.replace('THREAD_INDEX', thread),
      ...logits.map((matrix) => rowQuadSource(matrix, width)),
      rowLoopSource(logits, width),
      source,
      bySubgroup ? mergeBySubgroup(state, threads) : MERGE_BY_WORKGROUP,
    ].join('\n'),
    enable: bySubgroup ? ['subgroups'] : undefined,
  };
}

function declareBindings({ logits, inputs, outputs }: RowReduction, width: number): string {
  const read = [...logits.flatMap((matrix) => rowBuffers(matrix, width)), ...inputs];
  const written = outputs.map(
    ({ name, type }, index) =>
      `@group(0) @binding(${read.length + index}) var<storage, read_write> ${name}: ${type};`,
  );
  const uniforms = `@group(0) @binding(${read.length + written.length}) var<uniform> uniforms: Uniforms;`;
  return [declareInputs(read), ...written, uniforms].join('\n');
}

/** A tree of merges through workgroup memory; the first thread gets the whole. */
const MERGE_BY_WORKGROUP = `
var<workgroup> shares: array<State, THREADS>;

fn ofAllThreads(thread: u32, own: State) -> State {
  shares[thread] = own;
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) {
      shares[thread] = merged(shares[thread], shares[thread + half]);
    }
  }
  return shares[thread];
}`;

/** A butterfly of merges within the one subgroup that the workgroup is. */
function mergeBySubgroup(state: readonly string[], lanes: number): string {
  const steps: string[] = [];
  for (let distance = 1; distance < lanes; distance *= 2) {
    const others = state.map((member) => `subgroupShuffleXor(state.${member}, ${distance}u)`);
    steps.push(`  state = merged(state, State(${others.join(', ')}));`);
  }
  return `
fn ofAllThreads(thread: u32, own: State) -> State {
  var state = own;
${steps.join('\n')}
  return state;
}`;
}
