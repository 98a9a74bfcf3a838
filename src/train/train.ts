import * as tf from '@tensorflow/tfjs';
import { attempt } from '../engines/webgpu/attempt';
import { isGpuOpen } from '../engines/webgpu/device';
import { releaseFreeBuffers } from '../engines/webgpu/memory';
import type { TrainingBatch } from '../model/gradients/sequence-losses';
import { AdamW } from './adamw';
import { BatchFit } from './batch-fit';
import { batchGradients, disposeGradients } from './batch-gradients';
import { tokenCount } from './batch-parts';
import { clippingScale } from './gradient-clipping';
import { heldOutLoss } from './held-out-loss';
import { ParameterSnapshot } from './parameter-snapshot';
import { RunCheckpoint } from './run-checkpoint';
import { LearningRates } from './learning-rate';
import { type Divergence, LossCurve } from './loss-curve';
import { nextTask } from './next-task';
import type { Objective } from './objective';
import type { BatchGradients, ModelLoss, StepHooks } from './step-hooks';
import { StepBuffers } from './step-buffers';
import type { Student } from './student';
import type { TrainingContext } from './training-context';
import { TrainingError } from './training-error';
import type { TrainingSettings } from './training-settings';
import { runFingerprint } from './training-state';
import type { LongTask } from '../linalg/long-task';

/** Inputs of a run besides the model and objective; its progress is the share of the updates done. */
export interface RunContext extends Omit<TrainingContext, 'teacher'>, LongTask {}

/** Outcome of a run. The student's parameters are those after `bestStep` updates. */
export interface TrainingOutcome {
  readonly steps: number;
  readonly bestStep: number;
  /** Held-out loss of the best parameters. */
  readonly heldOutLoss: number;
  readonly stoppedBecause: 'done' | 'finished early' | 'diverged';
  /** Reason for an early stop. */
  readonly note?: string;
}

/**
 * Trains a model in place: AdamW on the gradient of the objective, clipped by its global norm. In the end the student's
 * parameters are those with the least held-out loss of the run, including the initial ones.
 *
 * A run is reproducible with the same settings, data and GPU, also if it was interrupted and resumed from its saved state,
 * which is removed when the run ends.
 *
 * @throws TrainingError if there is nothing to train or to measure, if a single sequence does not fit the GPU, or if the loss
 *   is not finite from the start; the signal's reason when it is aborted
 */
export async function train(
  student: Student,
  objective: Objective,
  settings: TrainingSettings,
  context: RunContext,
  hooks: StepHooks = {},
): Promise<TrainingOutcome> {
  if (student.parameters.length === 0) {
    throw new TrainingError(
      'The chosen targets have nothing to train; choose targets whose weights are floats, factors or scales.',
    );
  }
  const { result: optimizer, problem } = await attempt(() => new AdamW(student.parameters, settings));
  if (!optimizer || problem !== undefined) {
    optimizer?.dispose();
    throw new TrainingError(
      `The optimizer's state of ${student.parameters.length} tensors does not fit this GPU (${problem}); train fewer matrices, or a smaller format of them.`,
    );
  }
  const run = new Run(student, objective, settings, context, hooks, optimizer);
  try {
    return await run.toEnd();
  } finally {
    run.dispose();
    if (isGpuOpen()) releaseFreeBuffers();
  }
}

class Run {
  private readonly learningRates: LearningRates;
  private readonly fit: BatchFit;
  private readonly curve: LossCurve;
  private readonly best: ParameterSnapshot;
  private readonly buffers = new StepBuffers();
  private checkpoint?: RunCheckpoint;
  private step = 0;
  private measuredAt = -1;
  private bestStep?: number;
  private bestLoss?: number;
  private diverged?: Divergence;

  constructor(
    private readonly student: Student,
    private readonly objective: Objective,
    private readonly settings: TrainingSettings,
    private readonly context: RunContext,
    private readonly hooks: StepHooks,
    private readonly optimizer: AdamW,
  ) {
    this.learningRates = new LearningRates(settings);
    this.fit = new BatchFit(Math.min(settings.accumulation, settings.batchSize));
    this.curve = new LossCurve(settings.steps, (point) => context.onPoint?.(point));
    this.best = new ParameterSnapshot(student.parameters);
  }

  async toEnd(): Promise<TrainingOutcome> {
    const { settings, context } = this;
    await this.resumeOrBegin();
    this.buffers.begin();
    while (this.step < lastStep(settings) && !this.diverged) {
      await this.untilRunning();
      if (this.diverged || context.control?.isFinishing) break;
      await this.update();
      await this.measure();
      context.onProgress?.(this.step / settings.steps);
    }
    return this.end();
  }

  dispose(): void {
    this.optimizer.dispose();
    this.best.dispose();
    this.curve.dispose();
  }

  private async resumeOrBegin(): Promise<void> {
    const { context, settings, optimizer, best, curve, hooks } = this;
    const { parameters } = this.student;
    const fingerprint = await runFingerprint(settings, parameters, context.data.text);
    this.checkpoint = new RunCheckpoint(context.states, fingerprint, {
      parameters,
      optimizer,
      best,
      curve,
      hooks,
    });
    const position = await this.checkpoint.resume();
    if (position) {
      ({ step: this.step, bestStep: this.bestStep, bestLoss: this.bestLoss } = position);
      this.fit.parts = position.parts;
    } else {
      // A backward pass needs more memory than any measurement: find the parts that fit before the first one.
      disposeGradients(await this.gradientsOf(this.batch()));
    }
    curve.restartClock();
    // The initial parameters are the first candidates for the best.
    if (!position) await this.read(true);
  }

  /** Waits while the run is paused, with its state saved because a pause may never end. */
  private async untilRunning(): Promise<void> {
    const { control, signal } = this.context;
    await nextTask();
    signal?.throwIfAborted();
    if (!control) return;
    const running = control.untilRunning();
    const isPaused = await Promise.race([running.then(() => false), nextTask().then(() => true)]);
    if (!isPaused) return;
    await this.read(false);
    if (!this.diverged) await this.saveState();
    await orAborted(running, signal);
    this.curve.restartClock();
  }

  private async update(): Promise<void> {
    const { hooks, settings, optimizer } = this;
    await hooks.beforeStep?.(this.step);
    const batch = this.batch();
    const found = await (hooks.gradients?.(this.gradientsOf, batch) ?? this.gradientsOf(batch));
    const rate = this.learningRates.at(this.step);
    const { scale, norm } = clippingScale(found.gradients, settings.clipping);
    optimizer.step(found.gradients, rate, scale);
    tf.dispose([...found.gradients, scale, norm]);
    this.step++;
    this.curve.add(this.step, found.loss, rate, tokenCount(batch));
    this.buffers.limit();
  }

  /** Does what is due after an update: reads losses, measures the held-out loss, saves the state. */
  private async measure(): Promise<void> {
    const { step } = this;
    const { evaluateEvery, keepStateEvery } = this.settings;
    const last = lastStep(this.settings);
    const isMeasured = step % evaluateEvery === 0 || step === last;
    const isSaved = step % keepStateEvery === 0 && step < last;
    if (isMeasured || isSaved || this.curve.isDue) await this.read(isMeasured);
    if (isMeasured) this.buffers.begin();
    if (isSaved && !this.diverged) await this.saveState();
  }

  private async end(): Promise<TrainingOutcome> {
    if (!this.diverged) await this.read(this.measuredAt !== this.step);
    const { steps } = this.settings;
    const { bestStep, bestLoss, diverged } = this;
    if (bestStep === undefined || bestLoss === undefined) {
      throw new TrainingError(
        'The variant has no finite loss on the held-out sequences before any training; start from one that runs.',
      );
    }
    if (bestStep !== this.step) this.best.restore();
    await this.checkpoint?.remove();
    if (diverged) {
      const note = `The run diverged at step ${diverged.step}: ${diverged.reason}. The best parameters so far, of step ${bestStep}, were kept; lower the peak learning rate.`;
      return { steps: this.step, bestStep, heldOutLoss: bestLoss, stoppedBecause: 'diverged', note };
    }
    if (this.step === steps)
      return { steps: this.step, bestStep, heldOutLoss: bestLoss, stoppedBecause: 'done' };
    this.context.onEndedEarly?.(this.step);
    return { steps: this.step, bestStep, heldOutLoss: bestLoss, stoppedBecause: 'finished early' };
  }

  private batch(): TrainingBatch {
    const { batchSize, sequenceLength, seed } = this.settings;
    return this.context.data.batch(this.step, batchSize, sequenceLength, seed);
  }

  private readonly gradientsOf = async (batch: TrainingBatch, of?: ModelLoss): Promise<BatchGradients> => {
    const { model, objective } = of ?? { model: this.student, objective: this.objective };
    const compute = (parts: number) => batchGradients(model, objective, batch, parts);
    const found = await this.fit.run(batch, compute, disposeGradients, objective);
    for (const message of this.fit.takeMessages()) this.curve.note(message);
    return found;
  };

  /** @param isMeasured also measures the held-out loss */
  private async read(isMeasured: boolean): Promise<void> {
    const found = await this.curve.read(isMeasured ? () => this.heldOutLoss() : undefined);
    this.diverged ??= found;
  }

  private async heldOutLoss(): Promise<number | undefined> {
    const { student, objective, hooks, step, settings } = this;
    const heldOut = this.context.data.heldOut(
      Math.ceil(settings.batchSize / this.fit.parts),
      settings.sequenceLength,
    );
    if (heldOut.length === 0) {
      throw new TrainingError(
        `${this.context.data.text} has no sequence left to measure the held-out loss on; use a longer text, or shorter sequences than ${settings.sequenceLength} tokens.`,
      );
    }
    const loss = await (hooks.heldOutLoss?.(student, heldOut) ??
      heldOutLoss(student, objective, heldOut, this.context.signal));
    this.measuredAt = step;
    if (!Number.isFinite(loss)) {
      this.diverged = { step, reason: 'the held-out loss is not finite' };
      return undefined;
    }
    if (this.bestLoss === undefined || loss < this.bestLoss) {
      this.bestLoss = loss;
      this.bestStep = step;
      this.best.save();
    }
    return loss;
  }

  private async saveState(): Promise<void> {
    const { step, bestStep, bestLoss } = this;
    await this.checkpoint?.save({ step, bestStep, bestLoss, parts: this.fit.parts });
    this.curve.restartClock();
  }
}

function lastStep({ steps, stopAfter = steps }: TrainingSettings): number {
  return Math.min(steps, stopAfter);
}

/** Rejects with the signal's reason as soon as it is aborted. */
function orAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
