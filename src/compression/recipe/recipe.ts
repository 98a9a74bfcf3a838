import { z } from 'zod';
import { type CompressionMethod, RecipeError } from '../method';
import type { Sensitivities, Targets } from './targets';

/** One step of a recipe whose parameters its method has validated. */
export interface CheckedStep {
  readonly method: CompressionMethod;
  readonly targets: Targets;
  readonly ignore: readonly string[];
  readonly parameters: unknown;
  /** For a step with its own training text. */
  readonly training?: TrainingTextSettings;
}

/** A well-formed recipe; whether it fits a model is checked when its targets are matched. */
export interface CheckedRecipe {
  readonly name: string;
  readonly steps: readonly CheckedStep[];
  readonly calibration?: CalibrationSettings;
  readonly training?: TrainingTextSettings;
  readonly sensitivities?: Sensitivities;
}

/** Text and sampling of the calibration sequences. */
export type CalibrationSettings = z.infer<typeof calibrationSchema>;

/** Training text and the share that is held out; sequence settings are a step's own parameters. */
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
  /** Seed of the held-out examples of a labelled set, and of the tokens masked in held-out text. */
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
 * Validates a recipe's JSON: `{"name", "steps": [{"method", "targets", "ignore", "parameters"}]}`, with
 * `"calibration"` for steps that need data, `"training"` for steps that train (in the recipe, or in a step with its
 * own text), and `"sensitivities"` for targets by sensitivity. Unknown keys fail, also within a method's parameters.
 *
 * @throws RecipeError in one sentence that says what is wrong, where, and what would work
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

/** Whether a method trains, so that its recipe must name a text. */
export function trains(method: CompressionMethod): boolean {
  return 'compressModel' in method && method.trains === true;
}

/** Parses the text of a recipe file. @throws RecipeError where it is not JSON */
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

/** `steps[0].targets` as "step 1 targets", counted from one as on the page. */
function pathInWords(path: readonly PropertyKey[]): string {
  const words = path.map((part) => (typeof part === 'number' ? `${part + 1}` : String(part))).join(' ');
  return words.replace(/^steps (?=\d)/, 'step ');
}
