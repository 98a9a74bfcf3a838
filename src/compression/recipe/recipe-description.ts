/** A recipe as in its JSON; recipe.ts validates it. */
export interface Recipe {
  readonly name: string;
  readonly steps: readonly RecipeStep[];
  /** For steps that need calibration. */
  readonly calibration?: CalibrationSettings;
  /** For training steps without their own text. */
  readonly training?: TrainingTextSettings;
  /** Divergence of each block linear compressed alone, for targets by sensitivity. */
  readonly sensitivities?: Readonly<Record<string, number>>;
}

/** `sequences` of `length` tokens, drawn from a text by `seed`. */
export interface CalibrationSettings {
  /** Name of a text passed to the lab (`Lab.provideText`). */
  readonly text: string;
  readonly sequences: number;
  readonly length: number;
  readonly seed: number;
}

/** Training text; the number of steps and the learning rate are parameters of the steps. */
export interface TrainingTextSettings {
  /** Name of a text passed to the lab (`Lab.provideText`). */
  readonly text: string;
  /** Share that is held out from training to measure progress, at least 4 sequences; default 0.02. */
  readonly heldOutShare?: number;
  /** Seed of the examples held out of a labelled set, and of the tokens masked in held-out text; default 0. */
  readonly seed?: number;
}

export interface RecipeStep {
  readonly method: string;
  readonly targets: RecipeTargets;
  readonly ignore?: readonly string[];
  readonly parameters: Readonly<Record<string, unknown>>;
  /** For a step that trains on a text other than the recipe's. */
  readonly training?: TrainingTextSettings;
}

/**
 * Class names (`Linear`), exact module names, `re:<regex>`; or a share of the block linears, by their sensitivities.
 */
export type RecipeTargets = readonly string[] | { readonly leastSensitive: number };
