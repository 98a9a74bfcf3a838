import { z } from 'zod';

/** Calibration: `sequences` of `length` tokens, drawn from a text by `seed`. */
export const calibrationSchema = z.strictObject({
  /** Name of a text passed to the lab (`Lab.provideText`). */
  text: z.string().min(1),
  sequences: z.number().int().positive().max(65_536).default(64),
  length: z.number().int().min(2).default(128),
  seed: z.number().int().nonnegative().default(0),
});

/** Training text; the number of steps and the learning rate are parameters of the steps. */
export const trainingTextSchema = z.strictObject({
  /** Name of a text passed to the lab (`Lab.provideText`). */
  text: z.string().min(1),
  /** Share that is held out from training to measure progress, at least 4 sequences. */
  heldOutShare: z.number().min(0).max(0.5).default(0.02),
  /** Seed of the examples held out of a labelled set, and of the tokens masked in held-out text. */
  seed: z.number().int().nonnegative().default(0),
});

export const stepSchema = z.strictObject({
  method: z.string(),
  /** Class names (`Linear`), exact module names, `re:<regex>`; or a share of the block linears, by their sensitivities. */
  targets: z.union(
    [
      z.array(z.string().min(1)).min(1).readonly(),
      z.strictObject({ leastSensitive: z.number().min(0).max(1) }),
    ],
    {
      error: 'targets are a list of names, or {"leastSensitive": 0.5} for that share of the linears',
    },
  ),
  ignore: z.array(z.string().min(1)).readonly().default([]),
  /** The method's own schema checks them. */
  parameters: z.record(z.string(), z.unknown()).default({}),
  /** For a step that trains on a text other than the recipe's. */
  training: trainingTextSchema.optional(),
});

/** The one shape of a recipe, for its check, the page's draft, and public/recipe.schema.json. */
export const recipeSchema = z.strictObject({
  name: z.string().trim().min(1),
  /** For steps that need calibration. */
  calibration: calibrationSchema.optional(),
  /** For training steps without their own text. */
  training: trainingTextSchema.optional(),
  /** Divergence of each block linear compressed alone, for targets by sensitivity. */
  sensitivities: z
    .record(z.string(), z.number().nonnegative(), {
      error:
        'sensitivities are {"module": divergence, …}; the file that a recipe names was not given with it',
    })
    .optional(),
  steps: z.array(stepSchema).min(1).readonly(),
});

/** Sensitivities in a recipe file: also the name of a file that contains them. */
export const writtenSensitivitiesSchema = z.union([recipeSchema.shape.sensitivities, z.string()]);

/** A recipe as its JSON says it; what has a default may be left out. */
export type Recipe = z.input<typeof recipeSchema>;
export type RecipeStep = z.input<typeof stepSchema>;
export type RecipeTargets = RecipeStep['targets'];

/** A recipe with the defaults filled in; the parameters of its steps are as its JSON says them. */
export type CompleteRecipe = z.output<typeof recipeSchema>;
export type CalibrationSettings = z.output<typeof calibrationSchema>;
export type TrainingTextSettings = z.output<typeof trainingTextSchema>;
