import type * as tf from '@tensorflow/tfjs';
import type { NamedTensor } from '../checkpoint/named-tensor';
import { uploadTensor, writeElements } from '../engines/webgpu/transfer';
import type { AdamW } from './adamw';
import type { ParameterSnapshot } from './parameter-snapshot';
import type { CurveState, LossCurve } from './loss-curve';
import type { StepHooks } from './step-hooks';
import type { TrainableTensor } from './trainable-matrix';
import type { TrainingStates } from './training-context';
import { readRun, type StoredRun, writeRun } from './training-state';

/** Progress of a run. */
export interface RunPosition {
  /** Updates so far. */
  readonly step: number;
  /** Number of parts that a batch is cut into. */
  readonly parts: number;
  readonly bestStep?: number;
  readonly bestLoss?: number;
}

interface Progress extends RunPosition {
  readonly curve: CurveState;
  /** State of the hooks. */
  readonly own?: unknown;
}

/** Everything that a run changes. */
interface RunParts {
  readonly parameters: readonly TrainableTensor[];
  readonly optimizer: AdamW;
  readonly best: ParameterSnapshot;
  readonly curve: LossCurve;
  readonly hooks: StepHooks;
}

/** State of a run, saved bit for bit, so that it resumes as if it had not stopped. */
export class RunCheckpoint {
  private hasFailed = false;

  constructor(
    private readonly states: TrainingStates | undefined,
    private readonly fingerprint: string,
    private readonly run: RunParts,
  ) {}

  /** Saves the run; if the storage refuses, the run continues without further saves and notes it once. */
  async save(position: RunPosition): Promise<void> {
    if (!this.states || this.hasFailed) return;
    const { curve, hooks } = this.run;
    const { tensors = {}, json } = hooks.state?.() ?? {};
    const progress: Progress = { ...position, curve: curve.state, own: json };
    const all = new Map([...this.tensors(), ...withPrefix('own', Object.entries(tensors))]);
    const bytes = await writeRun(this.fingerprint, progress, all);
    try {
      await this.states.write(bytes);
    } catch (error) {
      this.hasFailed = true;
      const { message } = error as Error;
      curve.note(
        `The state of the run could not be saved (${message}); it cannot resume after an interruption.`,
      );
    }
  }

  /** Restores the saved state. @returns position of the saved run; undefined if it cannot resume */
  async resume(): Promise<RunPosition | undefined> {
    const { optimizer, best, curve, hooks } = this.run;
    let stored: StoredRun<Progress> | undefined;
    try {
      const bytes = await this.states?.read();
      stored = bytes && (await readRun<Progress>(bytes, this.fingerprint));
    } catch (error) {
      curve.note(`The run started again. ${(error as Error).message}`);
    }
    if (!stored) return undefined;
    const { progress, tensors } = stored;
    if (progress.bestStep !== undefined) best.save();
    for (const [name, tensor] of this.tensors()) writeElements(tensor, 0, wordsOf(tensors.get(name)!));
    optimizer.steps = progress.step;
    hooks.restore?.({ tensors: hookTensors(tensors.values()), json: progress.own });
    curve.restore(progress.curve);
    curve.note(`The run resumed at step ${progress.step}.`);
    return progress;
  }

  async remove(): Promise<void> {
    // A state that cannot be removed is resumed next time, a few steps before the end.
    await this.states?.remove().catch(() => undefined);
  }

  private tensors(): [name: string, tensor: tf.Tensor][] {
    const { parameters, optimizer, best } = this.run;
    const named = (prefix: string, tensors: readonly tf.Tensor[]) =>
      withPrefix(
        prefix,
        tensors.map((tensor, index) => [parameters[index].name, tensor]),
      );
    return [
      ...named(
        'parameter',
        parameters.map(({ tensor }) => tensor),
      ),
      ...named(
        'first-moment',
        optimizer.moments.map(({ first }) => first),
      ),
      ...named(
        'second-moment',
        optimizer.moments.map(({ second }) => second),
      ),
      ...named('best', best.tensors),
    ];
  }
}

function withPrefix(prefix: string, named: readonly [string, tf.Tensor][]): [string, tf.Tensor][] {
  return named.map(([name, tensor]) => [`${prefix}/${name}`, tensor]);
}

function hookTensors(stored: Iterable<NamedTensor>): Record<string, tf.Tensor> {
  const found = [...stored].filter(({ name }) => name.startsWith('own/'));
  return Object.fromEntries(
    found.map((tensor) => [
      tensor.name.slice('own/'.length),
      uploadTensor(wordsOf(tensor), [...tensor.shape]),
    ]),
  );
}

function wordsOf({ dtype, bytes }: NamedTensor): Float32Array | Int32Array {
  const { buffer } = bytes.slice();
  return dtype === 'I32' ? new Int32Array(buffer) : new Float32Array(buffer);
}
