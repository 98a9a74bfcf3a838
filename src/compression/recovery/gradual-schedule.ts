import { roundHalfToEven } from '../../weights/quantization';
import type { GroupPattern } from '../../weights/formats/n-of-m-weight';

/** Steps at which a run that prunes during training makes masks. */
export interface GradualSchedule {
  /** Number of steps up to the last mask, after which the pattern is locked. */
  readonly pruningSteps: number;
  /** Steps between two masks. */
  readonly pruneEvery: number;
}

/** Whether a mask is made before a step, counted from 0: at every `pruneEvery`-th and at the last. */
export function prunesAt(step: number, { pruningSteps, pruneEvery }: GradualSchedule): boolean {
  return step === pruningSteps || (step < pruningSteps && step % pruneEvery === 0);
}

/**
 * The sparsity s_t = s_f (1 − (1 − t/T)³) of a step (Zhu and Gupta 2017, "To prune, or not to prune", equation 1,
 * with an initial sparsity of 0): fast at first, slow towards the end.
 * @param step t, counted from 0; from T on it is s_f
 */
export function cubicSparsity(
  step: number,
  { pruningSteps }: Pick<GradualSchedule, 'pruningSteps'>,
  final: number,
): number {
  return final * cubicProgress(step, pruningSteps);
}

/** The same for N:M: the number of remaining weights of every M falls from M to N, a whole number at each step. */
export function keptAt(
  step: number,
  { pruningSteps }: Pick<GradualSchedule, 'pruningSteps'>,
  { kept, groupSize }: GroupPattern,
): number {
  return groupSize - roundHalfToEven((groupSize - kept) * cubicProgress(step, pruningSteps));
}

function cubicProgress(step: number, steps: number): number {
  return step >= steps ? 1 : 1 - (1 - step / steps) ** 3;
}
