import { z } from 'zod';
import { recipeSchema, stepSchema, writtenSensitivitiesSchema } from '../compression/recipe/recipe-schema';

/** Minimum that the form needs to render a draft: the shape of a recipe, with defaults for values that a file may omit. */
const draftSchema = relaxed(
  recipeSchema.extend({
    name: recipeSchema.shape.name.default('My recipe'),
    sensitivities: writtenSensitivitiesSchema,
    steps: z.array(stepSchema.extend({ targets: stepSchema.shape.targets.default(['Linear']) })).readonly(),
  }),
);

/** Recipe being edited; the lab's check reports its mistakes, including unknown keys. */
export type Draft = z.output<typeof draftSchema>;
export type DraftStep = Draft['steps'][number];

/** Schema without bounds: any value of the right type passes, and unknown keys stay. */
function relaxed<Schema extends z.ZodType>(schema: Schema): Schema;
function relaxed(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodObject)
    return z.looseObject(
      Object.fromEntries(Object.entries(schema.shape).map(([key, value]) => [key, relaxed(value)])),
    );
  if (schema instanceof z.ZodArray) return z.array(relaxed(schema.element as z.ZodType));
  if (schema instanceof z.ZodUnion)
    return schema.clone({ ...schema.def, options: (schema.options as z.ZodType[]).map(relaxed) });
  if (schema instanceof z.ZodOptional) return relaxed(schema.unwrap() as z.ZodType).optional();
  if (schema instanceof z.ZodReadonly) return relaxed(schema.unwrap() as z.ZodType).readonly();
  if (schema instanceof z.ZodDefault)
    return relaxed(schema.unwrap() as z.ZodType).default(schema.def.defaultValue);
  return schema.clone({ ...schema.def, checks: [] });
}

/** @throws Error whose message says what is wrong, without a final full stop */
export function readDraft(json: unknown): Draft {
  const result = draftSchema.safeParse(json);
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues;
  throw new Error(`${path.length ? `at ${path.join(' ')}: ` : ''}${message}`);
}
