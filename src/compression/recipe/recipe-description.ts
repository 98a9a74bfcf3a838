/** A recipe as its JSON says it; recipe.ts checks it. */
export interface Recipe {
  readonly name: string;
  readonly steps: readonly RecipeStep[];
  /** Where a step needs data. */
  readonly calibration?: CalibrationSettings;
  /** Where a step trains that names no text of its own. */
  readonly training?: TrainingTextSettings;
  /** Divergence of each block linear compressed alone, where targets are chosen by it. */
  readonly sensitivities?: Readonly<Record<string, number>>;
}

/** `sequences` of `length` tokens, drawn from a text by `seed`. */
export interface CalibrationSettings {
  /** Name of a text that the lab was given (`Lab.provideText`). */
  readonly text: string;
  readonly sequences: number;
  readonly length: number;
  readonly seed: number;
}

/** What steps that train learn from; how long and how fast is among their parameters. */
export interface TrainingTextSettings {
  /** Name of a text that the lab was given (`Lab.provideText`). */
  readonly text: string;
  /** Share that training never sees and its progress is measured on, at least 4 sequences; default 0.02. */
  readonly heldOutShare?: number;
  /** Of what is held out of a labelled set, and of the tokens masked in what is held out; default 0. */
  readonly seed?: number;
}

export interface RecipeStep {
  readonly method: string;
  readonly targets: RecipeTargets;
  readonly ignore?: readonly string[];
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Of a step that trains on another text than the recipe's. */
  readonly training?: TrainingTextSettings;
}

/** Class names (`Linear`), exact module names, `re:<regex>`; or a share of the block linears, by their sensitivities. */
export type RecipeTargets = readonly string[] | { readonly leastSensitive: number };
