import * as tf from '@tensorflow/tfjs';
import { type BackendInternals, internalsOf } from './backend-internals';
import { countGpu } from './counters';
import { currentGpu } from './device';
import { submitPendingWork } from './memory';

/** Kernel launch with all its bindings, ready to be encoded again. */
export interface RecordedDispatch {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

let active: Recording | undefined;

/**
 * Kernel launches in order, bound to the tensors of their first run. A replay takes one command buffer and no allocation;
 * kernels read values that change between runs from tensors.
 *
 * Holds all its tensors, so that their buffers are not reused; `dispose` releases them.
 */
export class Recording {
  private readonly dispatches: RecordedDispatch[] = [];
  private readonly held = new Map<object, tf.Tensor>();
  private foreignOps = 0;

  /** Whether all work consisted of Lathe's own kernels; tfjs's ops cannot be replayed. */
  get isComplete(): boolean {
    return this.foreignOps === 0;
  }

  get length(): number {
    return this.dispatches.length;
  }

  /** Called for each kernel launch. */
  add(dispatch: RecordedDispatch, tensors: readonly tf.Tensor[]): void {
    this.dispatches.push(dispatch);
    for (const tensor of tensors) {
      if (!this.held.has(tensor.dataId)) this.held.set(tensor.dataId, tf.keep(tensor.clone()));
    }
  }

  /** Called when a tfjs op runs during recording. */
  addForeign(): void {
    this.foreignOps++;
  }

  /** Encodes all launches again in one compute pass. */
  encode(encoder: GPUCommandEncoder): void {
    const pass = encoder.beginComputePass();
    for (const { pipeline, bindGroup, workgroups } of this.dispatches) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...workgroups);
    }
    pass.end();
    countGpu('dispatches', this.dispatches.length);
  }

  dispose(): void {
    tf.dispose([...this.held.values()]);
    this.held.clear();
    this.dispatches.length = 0;
  }
}

/** Recording that launches are added to, if any. */
export function activeRecording(): Recording | undefined {
  return active;
}

/**
 * Runs `work` once and records its kernel launches.
 * @throws errors of `work`; nothing is held then
 */
export function record<T>(work: () => T): { result: T; recording: Recording } {
  if (active) throw new Error('A recording is running already.');
  const internals = internalsOf(currentGpu().backend);
  const recording = new Recording();
  const stopWatching = watchForeignOps(internals, recording);
  active = recording;
  try {
    return { result: work(), recording };
  } catch (error) {
    recording.dispose();
    throw error;
  } finally {
    active = undefined;
    stopWatching();
  }
}

/** Submits replayed work after all commands encoded before it. */
export function submitEncoded(encoder: GPUCommandEncoder): void {
  submitPendingWork();
  currentGpu().device.queue.submit([encoder.finish()]);
  countGpu('submissions');
}

function watchForeignOps(internals: BackendInternals, recording: Recording): () => void {
  const run = internals.runWebGPUProgram;
  internals.runWebGPUProgram = (...parameters) => {
    recording.addForeign();
    return run.apply(internals, parameters);
  };
  return () => {
    internals.runWebGPUProgram = run;
  };
}
