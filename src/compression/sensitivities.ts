import { z } from 'zod';
import { RecipeError } from './method';
import type { Sensitivities } from './targets';

/** What `sensitivities.json` holds: each block linear compressed alone, and what that did. */
const profileSchema = z.object({
  /** Name of the checkpoint. */
  model: z.string(),
  /** Step that was applied to each entry alone. */
  method: z.string(),
  parameters: z.record(z.string(), z.unknown()),
  /** How the divergence was measured: text and windows in words. */
  protocol: z.string(),
  entries: z.array(
    z.object({
      /** A module's name, or `block N`. */
      name: z.string(),
      modules: z.array(z.string()).min(1),
      /** Mean Kullback–Leibler divergence of the predictions from the base's, nats. */
      divergence: z.number().nonnegative(),
      /** Bytes that the exported file becomes smaller by. */
      bytesSaved: z.number(),
    }),
  ),
});

/**
 * The divergence of each module, as a recipe holds it; a block's stands for each of its linears.
 * @param text of a `sensitivities.json`
 * @throws RecipeError where it is none
 */
export function sensitivitiesOf(text: string, fileName: string): Sensitivities {
  const { entries } = parseProfile(text, fileName);
  return Object.fromEntries(
    entries.flatMap(({ modules, divergence }) => modules.map((name) => [name, divergence])),
  );
}

function parseProfile(text: string, fileName: string): z.infer<typeof profileSchema> {
  try {
    return profileSchema.parse(JSON.parse(text));
  } catch {
    throw new RecipeError(
      `${fileName} is no sensitivity profile; measure one in the lab and save it as sensitivities.json.`,
    );
  }
}
