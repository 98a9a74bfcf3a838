import type { CalibrationSettings, EvaluationRequest, RecipeStep } from './protocol';

/** Each block linear, or each block's together, compressed alone by one step. */
export interface SensitivityRequest {
  readonly step: RecipeStep;
  readonly unit: 'linear' | 'block';
  /** Where the step needs it. */
  readonly calibration?: CalibrationSettings;
  /** On what the divergence from the base is measured. */
  readonly evaluation: EvaluationRequest;
}

/** What `sensitivities.json` holds. */
export interface SensitivityProfile {
  /** Name of the checkpoint. */
  readonly model: string;
  readonly method: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Text and windows in words. */
  readonly protocol: string;
  readonly entries: readonly SensitivityEntry[];
}

/** One linear, or those of a block that were compressed together. */
export interface SensitivityEntry {
  /** A module's name, or `block N`. */
  readonly name: string;
  readonly modules: readonly string[];
  /** Mean Kullback–Leibler divergence of the predictions from the base's, nats. */
  readonly divergence: number;
  /** Bytes that the weights become smaller by. */
  readonly bytesSaved: number;
}
