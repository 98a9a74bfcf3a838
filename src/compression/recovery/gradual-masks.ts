import type * as tf from '@tensorflow/tfjs';
import { readFloats } from '../../engines/webgpu/transfer';
import type { TrainingBatch } from '../../model/gradients/sequence-losses';
import type { MaskedMatrix } from '../../train/formats/masked-matrix';
import { heldOutLoss } from '../../train/held-out-loss';
import type { Objective } from '../../train/objective';
import type { HookState, StepHooks } from '../../train/step-hooks';
import type { Student } from '../../train/student';
import { type GradualSchedule, prunesAt } from './gradual-schedule';
import { maskByMagnitude, type MaskSize } from './magnitude-masks';

/** Masks by magnitude that are recomputed during training until they are locked. */
export class GradualMasks implements StepHooks {
  private readonly matrices = new Map<string, MaskedMatrix>();
  private restored?: Readonly<Record<string, tf.Tensor>>;
  /** Number of the next or current update. */
  private step = -1;

  /** @param sizeAt number of remaining weights at a step; from the last mask on, the final number */
  constructor(
    private readonly pruning: GradualSchedule,
    private readonly sizeAt: (step: number) => MaskSize,
    private readonly objective: Objective,
    private readonly signal?: AbortSignal,
  ) {}

  /** Prunes a matrix with the others. @returns the matrix */
  add(module: string, matrix: MaskedMatrix): MaskedMatrix {
    this.matrices.set(module, matrix);
    return matrix;
  }

  async beforeStep(step: number): Promise<void> {
    await this.putBackRestored();
    this.step = step;
    if (prunesAt(step, this.pruning)) await this.prune(step);
  }

  /** Runs with the final number of zeros, as the variant would be stored now. */
  async heldOutLoss(student: Student, heldOut: readonly TrainingBatch[]): Promise<number> {
    await this.putBackRestored();
    const measure = () => heldOutLoss(student, this.objective, heldOut, this.signal);
    if (this.step >= this.pruning.pruningSteps) return measure();
    const open: [MaskedMatrix, Float32Array][] = [];
    for (const matrix of this.matrices.values()) open.push([matrix, await matrix.readMask()]);
    await this.prune(this.pruning.pruningSteps);
    const loss = await measure();
    for (const [matrix, mask] of open) matrix.setMask(mask);
    return loss;
  }

  state(): HookState {
    const masks = [...this.matrices].map(([module, { mask }]) => [module, mask] as const);
    return { tensors: this.restored ?? Object.fromEntries(masks), json: this.step };
  }

  restore({ tensors, json }: HookState): void {
    this.restored = tensors;
    this.step = json as number;
  }

  /**
   * Restores the masks of the best parameters: the locked masks or, for parameters from before the lock, those by
   * their own magnitudes.
   * @param bestStep number of updates of the best parameters, which are in place
   */
  async finish(bestStep: number): Promise<void> {
    await this.putBackRestored();
    if (bestStep <= this.pruning.pruningSteps) await this.prune(this.pruning.pruningSteps);
  }

  dispose(): void {
    for (const tensor of Object.values(this.restored ?? {})) tensor.dispose();
    this.restored = undefined;
  }

  private prune(step: number): Promise<void> {
    return maskByMagnitude([...this.matrices.values()], this.sizeAt(step));
  }

  /** Masks of a resumed run. They cannot be computed during the restore, which is synchronous. */
  private async putBackRestored(): Promise<void> {
    if (!this.restored) return;
    for (const [module, mask] of Object.entries(this.restored))
      this.matrices.get(module)!.setMask(await readFloats(mask));
    this.dispose();
  }
}
