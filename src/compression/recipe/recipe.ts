import type { z } from 'zod';
import { type CompressionMethod, RecipeError } from '../method';
import {
  calibrationSchema,
  type CompleteRecipe,
  recipeSchema,
  stepSchema,
  trainingTextSchema,
} from './recipe-schema';

/** One step of a recipe whose parameters its method has validated. */
export type CheckedStep = Omit<CompleteRecipe['steps'][number], 'method' | 'parameters'> & {
  readonly method: CompressionMethod;
  readonly parameters: unknown;
};

/** A well-formed recipe; whether it fits a model is checked when its targets are matched. */
export type CheckedRecipe = Omit<CompleteRecipe, 'steps'> & { readonly steps: readonly CheckedStep[] };

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
      step.parameters,
      `${where}: "parameters"`,
      Object.keys(method.schema.shape),
    );
    if (step.training && !trains(method))
      throw new RecipeError(`${where} does not train; leave its "training" out.`);
    return { ...step, method, parameters };
  });
  return { ...recipe, steps };
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
  if (last === 'training') return trainingTextSchema;
  if (last === 'calibration') return calibrationSchema;
  return path[0] === 'steps' ? stepSchema : recipeSchema;
}

/** `steps[0].targets` as "step 1 targets", counted from one as on the page. */
function pathInWords(path: readonly PropertyKey[]): string {
  const words = path.map((part) => (typeof part === 'number' ? `${part + 1}` : String(part))).join(' ');
  return words.replace(/^steps (?=\d)/, 'step ');
}
