import type { TrainingBatch } from '../../model/gradients/sequence-losses';
import { heldOutLoss } from '../../train/held-out-loss';
import type { Objective } from '../../train/objective';
import type { HookState, StepHooks } from '../../train/step-hooks';
import type { Student } from '../../train/student';
import type { WaitingMatrix } from './waiting-matrix';

/** A run in which matrices start to train one after the other. */
export class Turns implements StepHooks {
  private readonly waiting: { readonly start: number; readonly matrix: WaitingMatrix }[] = [];
  private step = 0;

  constructor(
    private readonly objective: Objective,
    private readonly signal?: AbortSignal,
  ) {}

  /** Defers a matrix until a step. @returns the matrix */
  take(start: number, matrix: WaitingMatrix): WaitingMatrix {
    this.waiting.push({ start, matrix });
    return matrix;
  }

  beforeStep(step: number): void {
    this.putBackWaiting();
    this.step = step;
    for (const { start, matrix } of this.waiting) matrix.isWaiting = step < start;
  }

  /** Runs with factors everywhere, as the variant would be stored now. */
  async heldOutLoss(student: Student, heldOut: readonly TrainingBatch[]): Promise<number> {
    this.putBackWaiting();
    for (const { matrix } of this.waiting) matrix.isWaiting = false;
    return heldOutLoss(student, this.objective, heldOut, this.signal);
  }

  state(): HookState {
    return { json: this.step };
  }

  restore({ json }: HookState): void {
    this.step = json as number;
  }

  private putBackWaiting(): void {
    for (const { start, matrix } of this.waiting) if (this.step < start) matrix.putBack();
  }
}
