import * as tf from '@tensorflow/tfjs';
import { readTensorsBytes } from '../engines/webgpu/transfer';
import { type DivergenceState, DivergenceWatch } from './divergence';
import type { TrainingPoint } from './training-context';

/** Losses are read back together: one read waits until the GPU is done with all that it was given. */
const GREATEST_WAIT_STEPS = 10;
const GREATEST_WAIT_MS = 500;

/** When and why a run has diverged. */
export interface Divergence {
  readonly step: number;
  readonly reason: string;
}

/** What is kept of a curve so that it goes on. */
export interface CurveState {
  readonly points: readonly TrainingPoint[];
  readonly divergence: DivergenceState;
}

interface WaitingStep {
  readonly step: number;
  readonly learningRate: number;
  /** Of this step, and of all up to it. */
  readonly ownTokens: number;
  readonly tokens: number;
  readonly loss: tf.Scalar;
}

/** The curve of a run: one point an update, told in order as soon as its loss is read back. */
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

  /** Everything that was told. */
  get state(): CurveState {
    return { points: this.points, divergence: this.watch.state };
  }

  /** Whether enough steps or time have gone by since the last reading. */
  get isDue(): boolean {
    const { length } = this.waiting;
    return (
      length >= GREATEST_WAIT_STEPS || (length > 0 && performance.now() - this.since >= GREATEST_WAIT_MS)
    );
  }

  /** Goes on from a state, whose points are told again. */
  restore({ points, divergence }: CurveState): void {
    this.watch = new DivergenceWatch(divergence);
    this.tokens = points.at(-1)?.tokens ?? 0;
    for (const point of points) this.tell(point);
  }

  /** What the next point says besides. */
  note(text: string): void {
    this.notes.push(text);
  }

  /** What took time since the last reading was no training. */
  restartClock(): void {
    this.since = performance.now();
  }

  /**
   * @param step updates so far, this one included
   * @param loss belongs to the curve from here on
   * @param ownTokens of this step's batch
   */
  add(step: number, loss: tf.Scalar, learningRate: number, ownTokens: number): void {
    this.tokens += ownTokens;
    this.waiting.push({ step, loss, learningRate, ownTokens, tokens: this.tokens });
  }

  /**
   * Reads back what is waiting and tells its points.
   * @param heldOut measures the held-out loss after the last step; not asked where the run has diverged; gives
   *   undefined where there is none
   */
  async read(heldOut?: () => Promise<number | undefined>): Promise<Divergence | undefined> {
    const waiting = this.waiting.splice(0);
    const losses = await readLosses(waiting);
    const seconds = (performance.now() - this.since) / 1000;
    const tokensPerSecond =
      waiting.reduce((sum, { ownTokens }) => sum + ownTokens, 0) / Math.max(seconds, 1e-3);
    const told: TrainingPoint[] = [];
    let diverged: Divergence | undefined;
    for (const [index, { step, learningRate, tokens }] of waiting.entries()) {
      const reason = this.watch.add(losses[index]);
      if (reason !== undefined) {
        diverged = { step, reason };
        break;
      }
      const trainingLoss = losses[index];
      told.push({ step, steps: this.steps, trainingLoss, learningRate, tokensPerSecond, tokens });
    }
    if (heldOut && !diverged)
      told.push({ ...(told.pop() ?? this.presentPoint()), heldOutLoss: await heldOut() });
    for (const point of told) this.tell(point);
    this.restartClock();
    return diverged;
  }

  dispose(): void {
    tf.dispose(this.waiting.splice(0).map(({ loss }) => loss));
  }

  /** Where the run stands, when nothing was trained since the last point. */
  private presentPoint(): TrainingPoint {
    const last = this.points.at(-1);
    const { step = 0, learningRate = 0, tokensPerSecond = 0, trainingLoss } = last ?? {};
    return { step, steps: this.steps, trainingLoss, learningRate, tokensPerSecond, tokens: this.tokens };
  }

  private tell(point: TrainingPoint): void {
    const notes = this.notes.splice(0);
    const told =
      notes.length > 0 ? { ...point, note: [point.note, ...notes].filter(Boolean).join(' ') } : point;
    this.points.push(told);
    this.onPoint?.(told);
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
