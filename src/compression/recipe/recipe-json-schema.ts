import { z } from 'zod';
import { PARAMETER_META } from '../../parameters/parameter';
import type { CompressionMethod } from '../method';
import { recipeSchema, stepSchema, writtenSensitivitiesSchema } from './recipe-schema';

/** JSON Schema of recipe files, the parameters of each method among it, for editors and other tools. */
export function recipeJsonSchema(methods: readonly CompressionMethod[]): object {
  const [first, ...others] = methods.map((method) =>
    stepSchema.extend({ method: z.literal(method.id), parameters: parametersOf(method) }),
  );
  const steps = z.array(z.discriminatedUnion('method', [first, ...others])).min(1);
  const recipe = recipeSchema.extend({ sensitivities: writtenSensitivitiesSchema, steps });
  return z.toJSONSchema(recipe, {
    io: 'input',
    override({ zodSchema, jsonSchema }) {
      // zod's bound of every integer says nothing of the parameter.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      const meta = PARAMETER_META.get(zodSchema);
      if (meta) Object.assign(jsonSchema, { title: meta.label, description: meta.help });
    },
  });
}

/** May be left out where each of them has a default or may be left out. */
function parametersOf({ schema }: CompressionMethod) {
  return schema.safeParse({}).success ? schema.optional() : schema;
}
