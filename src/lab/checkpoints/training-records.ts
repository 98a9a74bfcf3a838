import type { TrainingPoint } from '../../train/training-context';
import { startsNewRun, type TrainingRecord, trainingRecord } from '../report/training-record';

/** Records of a recipe's training steps, in order. */
export class TrainingRecords {
  private finished: TrainingRecord[] = [];
  private recipeStep = 0;
  private points: TrainingPoint[] = [];

  /** Records of all steps that have trained so far. */
  get all(): readonly TrainingRecord[] {
    return this.points.length > 0
      ? [...this.finished, trainingRecord(this.recipeStep, this.points)]
      : this.finished;
  }

  /** Records of the finished steps, and the curve of the current one. */
  get state(): { readonly earlier: readonly TrainingRecord[]; readonly points: readonly TrainingPoint[] } {
    return { earlier: this.finished, points: this.points };
  }

  /** Starts recording the step with this index. */
  begin(recipeStep: number): void {
    this.take(recipeStep, this.all, []);
  }

  add(point: TrainingPoint): void {
    const last = this.points.at(-1);
    if (last && startsNewRun(last, point)) this.points = [];
    this.points.push(point);
  }

  /** Takes over an earlier run's records up to a step. */
  take(recipeStep: number, earlier: readonly TrainingRecord[], points: readonly TrainingPoint[]): void {
    this.finished = [...earlier];
    this.recipeStep = recipeStep;
    this.points = [...points];
  }
}
