import { z } from 'zod';

/** Calibration: `sequences` of `length` tokens, drawn from a text by `seed`. */
export const calibrationSchema = z.strictObject({
  /** Name of a text that the lab was given (`Lab.provideText`). */
  text: z.string().min(1),
  sequences: z.number().int().positive().max(65_536).default(64),
  length: z.number().int().min(2).default(128),
  seed: z.number().int().nonnegative().default(0),
});

/** Text that steps which train learn from; how long and how fast is among their parameters. */
export const trainingTextSchema = z.strictObject({
  /** Name of a text that the lab was given (`Lab.provideText`). */
  text: z.string().min(1),
  /** Share that training never sees and its progress is measured on, at least 4 sequences. */
  heldOutShare: z.number().min(0).max(0.5).default(0.02),
  /** Of the held-out examples of a labelled set, and of the tokens that are masked in what is held out. */
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
  /** Of a step that trains on another text than the recipe's. */
  training: trainingTextSchema.optional(),
});

/** The one shape of a recipe, for its check, the page's draft, and public/recipe.schema.json. */
export const recipeSchema = z.strictObject({
  name: z.string().trim().min(1),
  /** Where a step needs data. */
  calibration: calibrationSchema.optional(),
  /** Where a step trains that names no text of its own. */
  training: trainingTextSchema.optional(),
  /** Divergence of each block linear compressed alone, where targets are chosen by it. */
  sensitivities: z
    .record(z.string(), z.number().nonnegative(), {
      error:
        'sensitivities are {"module": divergence, …}; the file that a recipe names was not given with it',
    })
    .optional(),
  steps: z.array(stepSchema).min(1).readonly(),
});

/** What a recipe that somebody writes may say of sensitivities: also the name of a file that holds them. */
export const writtenSensitivitiesSchema = z.union([recipeSchema.shape.sensitivities, z.string()]);

/** A recipe as its JSON says it; what has a default may be left out. */
export type Recipe = z.input<typeof recipeSchema>;
export type RecipeStep = z.input<typeof stepSchema>;
export type RecipeTargets = RecipeStep['targets'];

/** A recipe with the defaults filled in; the parameters of its steps are as its JSON says them. */
export type CompleteRecipe = z.output<typeof recipeSchema>;
export type CalibrationSettings = z.output<typeof calibrationSchema>;
export type TrainingTextSettings = z.output<typeof trainingTextSchema>;
