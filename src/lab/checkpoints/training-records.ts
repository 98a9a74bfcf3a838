import type { TrainingPoint } from '../../train/training-context';
import { startsNewRun, type TrainingRecord, trainingRecord } from '../report/training-record';

/** What is told of a recipe's steps that train, one after the other. */
export class TrainingRecords {
  private over: TrainingRecord[] = [];
  private recipeStep = 0;
  private points: TrainingPoint[] = [];

  /** Of all steps that have trained so far. */
  get all(): readonly TrainingRecord[] {
    return this.points.length > 0 ? [...this.over, trainingRecord(this.recipeStep, this.points)] : this.over;
  }

  /** Of the steps before the one that trains, and its own curve. */
  get state(): { readonly earlier: readonly TrainingRecord[]; readonly points: readonly TrainingPoint[] } {
    return { earlier: this.over, points: this.points };
  }

  /** The step of this index trains from here on. */
  begin(recipeStep: number): void {
    this.take(recipeStep, this.all, []);
  }

  hear(point: TrainingPoint): void {
    const last = this.points.at(-1);
    if (last && startsNewRun(last, point)) this.points = [];
    this.points.push(point);
  }

  /** What an earlier run told up to a step. */
  take(recipeStep: number, earlier: readonly TrainingRecord[], points: readonly TrainingPoint[]): void {
    this.over = [...earlier];
    this.recipeStep = recipeStep;
    this.points = [...points];
  }
}
