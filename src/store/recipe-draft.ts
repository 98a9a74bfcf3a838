import { z } from 'zod';
import { recipeSchema, stepSchema, writtenSensitivitiesSchema } from '../compression/recipe/recipe-schema';

/** What a draft must have for its form to be drawn: the shape of a recipe, with defaults for what a file may leave out. */
const draftSchema = relaxed(
  recipeSchema.extend({
    name: recipeSchema.shape.name.default('My recipe'),
    sensitivities: writtenSensitivitiesSchema,
    steps: z.array(stepSchema.extend({ targets: stepSchema.shape.targets.default(['Linear']) })).readonly(),
  }),
);

/** A recipe that somebody writes. What is wrong with it, unknown keys among it, the lab's check says. */
export type Draft = z.output<typeof draftSchema>;
export type DraftStep = Draft['steps'][number];

/** The schema without its bounds: any value of the right type passes, and unknown keys stay. */
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

/** @throws Error whose message says what is wrong, without a final stop */
export function readDraft(json: unknown): Draft {
  const result = draftSchema.safeParse(json);
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues;
  throw new Error(`${path.length ? `at ${path.join(' ')}: ` : ''}${message}`);
}
