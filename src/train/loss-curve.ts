import * as tf from '@tensorflow/tfjs';
import { readTensorsBytes } from '../engines/webgpu/transfer';
import { type DivergenceState, DivergenceWatch } from './divergence';
import type { TrainingPoint } from './training-context';

/** Limits on unread losses: each read waits until the GPU has finished all submitted work, so losses are read together. */
const GREATEST_WAIT_STEPS = 10;
const GREATEST_WAIT_MS = 500;

/** Step and reason of a run's divergence. */
export interface Divergence {
  readonly step: number;
  readonly reason: string;
}

/** Saved state of a curve. */
export interface CurveState {
  readonly points: readonly TrainingPoint[];
  readonly divergence: DivergenceState;
}

interface WaitingStep {
  readonly step: number;
  readonly learningRate: number;
  /** Tokens of this step's batch; `tokens` counts all steps so far. */
  readonly stepTokens: number;
  readonly tokens: number;
  readonly loss: tf.Scalar;
}

/** Loss curve of a run: one point per update, published in order as soon as its loss is read back. */
export class LossCurve {
  private readonly points: TrainingPoint[] = [];
  private readonly waiting: WaitingStep[] = [];
  private readonly notes: string[] = [];
  private watch = new DivergenceWatch();
  private tokens = 0;
  private since = performance.now();

  constructor(
    private readonly steps: number,
    private readonly onPoint?: (point: TrainingPoint) => void,
  ) {}

  get state(): CurveState {
    return { points: this.points, divergence: this.watch.state };
  }

  /** Whether enough steps or time have passed since the last read. */
  get isDue(): boolean {
    const { length } = this.waiting;
    return (
      length >= GREATEST_WAIT_STEPS || (length > 0 && performance.now() - this.since >= GREATEST_WAIT_MS)
    );
  }

  /** Resumes from a state and publishes its points again. */
  restore({ points, divergence }: CurveState): void {
    this.watch = new DivergenceWatch(divergence);
    this.tokens = points.at(-1)?.tokens ?? 0;
    for (const point of points) this.publish(point);
  }

  /** Adds a note to the next point. */
  note(text: string): void {
    this.notes.push(text);
  }

  /** Excludes the time since the last read from the training speed. */
  restartClock(): void {
    this.since = performance.now();
  }

  /**
   * @param step updates so far, including this one
   * @param loss owned by the curve from here on
   * @param stepTokens tokens of this step's batch
   */
  add(step: number, loss: tf.Scalar, learningRate: number, stepTokens: number): void {
    this.tokens += stepTokens;
    this.waiting.push({ step, loss, learningRate, stepTokens, tokens: this.tokens });
  }

  /**
   * Reads the waiting losses and publishes their points.
   * @param heldOut measures the held-out loss after the last step, undefined if there is none; not called if the run has
   *   diverged
   */
  async read(heldOut?: () => Promise<number | undefined>): Promise<Divergence | undefined> {
    const waiting = this.waiting.splice(0);
    const losses = await readLosses(waiting);
    const seconds = (performance.now() - this.since) / 1000;
    const tokensPerSecond =
      waiting.reduce((sum, { stepTokens }) => sum + stepTokens, 0) / Math.max(seconds, 1e-3);
    const points: TrainingPoint[] = [];
    let diverged: Divergence | undefined;
    for (const [index, { step, learningRate, tokens }] of waiting.entries()) {
      const reason = this.watch.add(losses[index]);
      if (reason !== undefined) {
        diverged = { step, reason };
        break;
      }
      const trainingLoss = losses[index];
      points.push({ step, steps: this.steps, trainingLoss, learningRate, tokensPerSecond, tokens });
    }
    if (heldOut && !diverged)
      points.push({ ...(points.pop() ?? this.presentPoint()), heldOutLoss: await heldOut() });
    for (const point of points) this.publish(point);
    this.restartClock();
    return diverged;
  }

  dispose(): void {
    tf.dispose(this.waiting.splice(0).map(({ loss }) => loss));
  }

  /** Current point if nothing was trained since the last one. */
  private presentPoint(): TrainingPoint {
    const last = this.points.at(-1);
    const { step = 0, learningRate = 0, tokensPerSecond = 0, trainingLoss } = last ?? {};
    return { step, steps: this.steps, trainingLoss, learningRate, tokensPerSecond, tokens: this.tokens };
  }

  private publish(point: TrainingPoint): void {
    const notes = this.notes.splice(0);
    const published =
      notes.length > 0 ? { ...point, note: [point.note, ...notes].filter(Boolean).join(' ') } : point;
    this.points.push(published);
    this.onPoint?.(published);
  }
}

async function readLosses(waiting: readonly WaitingStep[]): Promise<number[]> {
  const tensors = waiting.map(({ loss }) => loss);
  try {
    return (await readTensorsBytes(tensors)).map((bytes) => new Float32Array(bytes)[0]);
  } finally {
    tf.dispose(tensors);
  }
}
