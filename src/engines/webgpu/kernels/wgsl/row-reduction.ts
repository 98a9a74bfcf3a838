import type * as tf from '@tensorflow/tfjs';
import {
  type Buffers,
  defineKernel,
  type OutputsOf,
  type Targets,
  type TensorsFor,
} from '../../define-kernel';
import { kernelFamily } from '../../kernel-family';
import { kernelProfile } from './kernel-profile';
import { rowBuffers, rowLoopSource, rowQuadSource, rowTensors } from './row-quads';
import shared from './row-reduction.wgsl?raw';

/** Kernel that reads each row of one or several matrices of logits once. */
export interface RowReduction<Logits extends string, Inputs extends Buffers, Outputs extends Buffers> {
  readonly name: string;
  /** Matrices of logits; WGSL reads them by `<name>Quad`. */
  readonly logits: readonly Logits[];
  readonly inputs: Inputs;
  readonly outputs: Outputs;
  /** Members of `State`, in order. */
  readonly state: readonly string[];
  /**
   * WGSL of `State`, the partial result; `EMPTY`, its initial value; `including(state: State, quad: u32, values: vec4f) ->
   * State`, with `values` of each matrix; `merged(a: State, b: State) -> State`; and `finish(index: u32, row: Row, state:
   * State)`, which writes the result.
   */
  readonly body: string;
}

export interface RowReductionTensors<Logits extends string, Inputs extends Buffers, Given> {
  /** [rows, vocabulary] each, with at least four columns. */
  readonly logits: Readonly<Record<Logits, tf.Tensor2D>>;
  readonly inputs: TensorsFor<Inputs>;
  readonly outputs: Given;
}

/**
 * Threads per row. Vocabularies are large, so GPUs keep many reads in flight; software adapters need few barriers between
 * subgroups.
 */
const HARDWARE_THREADS = 256;
const SOFTWARE_THREADS = 4;

/** Configuration of the kernel. */
type Config = {
  /** Whether rows are whole quads. */
  readonly isWhole: boolean;
  readonly threads: number;
  readonly bySubgroup: boolean;
};

/** Creates a function that launches one workgroup per row and returns the outputs. */
export function rowReduction<Logits extends string, Inputs extends Buffers, Outputs extends Buffers>(
  reduction: RowReduction<Logits, Inputs, Outputs>,
): <const Given extends Targets<Outputs>>(
  tensors: RowReductionTensors<Logits, Inputs, Given>,
) => OutputsOf<Given> {
  const kernelOf = kernelFamily((config: Config) => reductionKernel(reduction, config));
  return ({ logits, inputs, outputs }) => {
    const [rows, width] = logits[reduction.logits[0]].shape;
    return kernelOf({ isWhole: width % 4 === 0, ...threadsOfRow() }).run({
      inputs: { ...rowTensors(logits), ...inputs },
      outputs,
      uniforms: { width },
      workgroups: [rows],
    });
  };
}

function threadsOfRow(): Omit<Config, 'isWhole'> {
  const { name, subgroupLanes } = kernelProfile();
  if (name === 'hardware') return { threads: HARDWARE_THREADS, bySubgroup: false };
  return { threads: subgroupLanes ?? SOFTWARE_THREADS, bySubgroup: subgroupLanes !== undefined };
}

function reductionKernel<Outputs extends Buffers>(
  { name, logits, inputs, outputs, state, body }: RowReduction<string, Buffers, Outputs>,
  { isWhole, threads, bySubgroup }: Config,
) {
  const read: Buffers = { ...rowBuffers(logits, isWhole), ...inputs };
  return defineKernel({
    name,
    inputs: read,
    outputs,
    uniforms: { width: 'u32' },
    constants: { THREADS: threads },
    enable: bySubgroup ? ['subgroups'] : [],
    body: [
      shared,
      ...logits.map((matrix) => rowQuadSource(matrix, isWhole)),
      rowLoopSource(logits, isWhole),
      body,
      bySubgroup ? mergeBySubgroup(state, threads) : MERGE_BY_WORKGROUP,
      mainSource(bySubgroup ? 'subgroup_invocation_id' : 'local_invocation_index'),
    ],
  });
}

const mainSource = (thread: string) => `@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(${thread}) thread: u32) {
  let begin = group.x * uniforms.width;
  let row = Row(begin, begin + uniforms.width);
  let state = ofAllThreads(thread, stateOfShare(row, thread));
  if (thread == 0u) {
    finish(group.x, row, state);
  }
}`;

/** Tree of merges through workgroup memory; the first thread gets the result. */
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

/** Butterfly of merges, for a workgroup that is one subgroup. */
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
