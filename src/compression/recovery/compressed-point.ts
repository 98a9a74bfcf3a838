import { addScaled } from '../../engines/webgpu/kernels/training/add-scaled';
import type { TrainingBatch } from '../../model/gradients/sequence-losses';
import { disposeGradients } from '../../train/batch-gradients';
import type { MaskedMatrix } from '../../train/formats/masked-matrix';
import { heldOutLoss } from '../../train/held-out-loss';
import { ParameterSnapshot } from '../../train/parameter-snapshot';
import type { Objective } from '../../train/objective';
import type { BatchGradients, GradientsOf, StepHooks } from '../../train/step-hooks';
import type { Student } from '../../train/student';
import { maskByMagnitude, type MaskSize } from './magnitude-masks';

export interface CompressedPointOptions {
  /** Matrices that the compression C prunes. Between steps they are not masked. */
  readonly matrices: readonly MaskedMatrix[];
  /** Number of weights that C keeps, those of greatest magnitude. */
  readonly size: MaskSize;
  /** ρ: step of the parameters along their gradient before they are compressed. */
  readonly climb: number;
  /** CrAM⁺: adds the gradient at the parameters themselves. */
  readonly plus: boolean;
  readonly objective: Objective;
  readonly signal?: AbortSignal;
}

/**
 * The gradient of CrAM (Peste et al. 2022, section 3.2): taken at C(θ + ρ ∇L(θ)) instead of θ, with respect to the
 * weights that C keeps. All parameters climb, also those that C does not prune. The held-out loss is that of C(θ).
 */
export class CompressedPoint implements StepHooks {
  private readonly uncompressed: ParameterSnapshot;

  constructor(
    private readonly student: Student,
    private readonly options: CompressedPointOptions,
  ) {
    this.uncompressed = new ParameterSnapshot(student.parameters);
  }

  async gradients(compute: GradientsOf, batch: TrainingBatch): Promise<BatchGradients> {
    const plain = await compute(batch);
    let found: BatchGradients | undefined;
    this.uncompressed.save();
    try {
      this.student.parameters.forEach(({ tensor }, index) =>
        addScaled(tensor, plain.gradients[index], this.options.climb),
      );
      found = await this.compressed(() => compute(batch));
      if (this.options.plus)
        found.gradients.forEach((gradient, index) => addScaled(gradient, plain.gradients[index], 1));
      return { loss: plain.loss.clone(), gradients: found.gradients };
    } finally {
      this.uncompressed.restore();
      found?.loss.dispose();
      disposeGradients(plain);
    }
  }

  heldOutLoss(student: Student, heldOut: readonly TrainingBatch[]): Promise<number> {
    const { objective, signal } = this.options;
    return this.compressed(() => heldOutLoss(student, objective, heldOut, signal));
  }

  dispose(): void {
    this.uncompressed.dispose();
  }

  private async compressed<T>(work: () => Promise<T>): Promise<T> {
    const { matrices, size } = this.options;
    await maskByMagnitude(matrices, size);
    try {
      return await work();
    } finally {
      for (const matrix of matrices)
        matrix.setMask(new Float32Array(matrix.shape[0] * matrix.shape[1]).fill(1));
    }
  }
}
