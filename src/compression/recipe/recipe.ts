import { z } from 'zod';
import { type CompressionMethod, RecipeError } from '../method';
import type { Sensitivities, Targets } from './targets';

/** One step of a recipe whose parameters have been checked by its method. */
export interface CheckedStep {
  readonly method: CompressionMethod;
  readonly targets: Targets;
  readonly ignore: readonly string[];
  readonly parameters: unknown;
  /** Where the step trains on a text of its own. */
  readonly training?: TrainingTextSettings;
}

/** A recipe that is well formed; whether it fits a model is seen when it is matched to one. */
export interface CheckedRecipe {
  readonly name: string;
  readonly steps: readonly CheckedStep[];
  readonly calibration?: CalibrationSettings;
  readonly training?: TrainingTextSettings;
  readonly sensitivities?: Sensitivities;
}

/** Which sequences are drawn from which text for the steps that need data. */
export type CalibrationSettings = z.infer<typeof calibrationSchema>;

/** Which text steps that train learn from, and how much of it is held out; sequences are a step's own parameters. */
export type TrainingTextSettings = z.infer<typeof trainingSchema>;

const calibrationSchema = z.strictObject({
  text: z.string().min(1),
  sequences: z.number().int().positive().max(65_536).default(64),
  length: z.number().int().min(2).default(128),
  seed: z.number().int().nonnegative().default(0),
});

const trainingSchema = z.strictObject({
  text: z.string().min(1),
  heldOutShare: z.number().min(0).max(0.5).default(0.02),
  /** Of the held-out examples of a labelled set, and of the tokens that are masked in what is held out. */
  seed: z.number().int().nonnegative().default(0),
});

const stepSchema = z.strictObject({
  method: z.string(),
  targets: z.union(
    [z.array(z.string().min(1)).min(1), z.strictObject({ leastSensitive: z.number().min(0).max(1) })],
    {
      error: 'targets are a list of names, or {"leastSensitive": 0.5} for that share of the linears',
    },
  ),
  ignore: z.array(z.string().min(1)).optional(),
  parameters: z.record(z.string(), z.unknown()).optional(),
  training: trainingSchema.optional(),
});

const recipeSchema = z.strictObject({
  name: z.string().trim().min(1),
  calibration: calibrationSchema.optional(),
  training: trainingSchema.optional(),
  sensitivities: z
    .record(z.string(), z.number().nonnegative(), {
      error:
        'sensitivities are {"module": divergence, …}; the file that a recipe names was not given with it',
    })
    .optional(),
  steps: z.array(stepSchema).min(1),
});

/**
 * Checks a recipe's JSON: `{"name", "steps": [{"method", "targets", "ignore", "parameters"}]}`, with `"calibration"` where a
 * step needs data, `"training"` where one trains (in the recipe, or in a step that has a text of its own), and `"sensitivities"` where targets are chosen by them. Unknown keys fail,
 * also within a method's parameters.
 *
 * @throws RecipeError in one sentence that says where, what, and what would work
 */
export function checkRecipe(json: unknown, methods: readonly CompressionMethod[]): CheckedRecipe {
  const recipe = parse(recipeSchema, json, 'The recipe');
  const steps = recipe.steps.map((step, index): CheckedStep => {
    const method = methods.find(({ id }) => id === step.method);
    if (!method) {
      const known = methods.map(({ id }) => id).join(', ');
      throw new RecipeError(
        `Step ${index + 1} names the method "${step.method}", which does not exist; there are ${known}.`,
      );
    }
    const where = `Step ${index + 1} (${method.id})`;
    const parameters = parse(
      method.schema,
      step.parameters ?? {},
      `${where}: "parameters"`,
      Object.keys(method.schema.shape),
    );
    if (step.training && !trains(method))
      throw new RecipeError(`${where} does not train; leave its "training" out.`);
    const { targets, ignore = [], training } = step;
    return { method, targets, ignore, parameters, training };
  });
  const { name, calibration, training, sensitivities } = recipe;
  return { name, steps, calibration, training, sensitivities };
}

/** Whether a method trains, and its recipe must name a text for that. */
export function trains(method: CompressionMethod): boolean {
  return 'compressModel' in method && method.trains === true;
}

/** Parses recipe text as a user drops it in. @throws RecipeError where it is not JSON */
export function parseRecipeText(text: string, fileName: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RecipeError(
      `${fileName} is not JSON (${(error as Error).message}); a recipe looks like {"name": "…", "steps": […]}.`,
    );
  }
}

function parse<T>(schema: z.ZodType<T>, json: unknown, subject: string, allowedKeys?: readonly string[]): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new RecipeError(describeIssue(issue, subject, allowedKeys));
}

function describeIssue(issue: z.core.$ZodIssue, subject: string, allowedKeys?: readonly string[]): string {
  const where = issue.path.length ? `${subject}, at ${pathInWords(issue.path)},` : subject;
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.map((key) => `"${key}"`).join(', ');
    const allowed = allowedKeys ?? Object.keys(schemaAt(issue.path).shape);
    return `${where} has the unknown key ${keys}; the keys are ${allowed.join(', ')}.`;
  }
  return `${where} is not right: ${issue.message.replace(/\.$/, '')}.`;
}

function schemaAt(path: readonly PropertyKey[]): z.ZodObject {
  const last = path.at(-1);
  if (last === 'training') return trainingSchema;
  if (last === 'calibration') return calibrationSchema;
  return path[0] === 'steps' ? stepSchema : recipeSchema;
}

/** `steps[0].targets` as "step 1 targets", counted from one as the page numbers the steps. */
function pathInWords(path: readonly PropertyKey[]): string {
  const words = path.map((part) => (typeof part === 'number' ? `${part + 1}` : String(part))).join(' ');
  return words.replace(/^steps (?=\d)/, 'step ');
}
