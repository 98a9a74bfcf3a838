import { z } from 'zod';

/** One linear, or those of a block that were compressed together. */
const entrySchema = z.object({
  /** A module's name, or `block N`. */
  name: z.string(),
  modules: z.array(z.string()).min(1).readonly(),
  /** Mean Kullback–Leibler divergence of the predictions from the base's, nats. */
  divergence: z.number().nonnegative(),
  /** Bytes that the weights become smaller by. */
  bytesSaved: z.number(),
});

/** What `sensitivities.json` holds. */
const profileSchema = z.object({
  /** Name of the checkpoint. */
  model: z.string(),
  /** The step that was applied to each entry alone. */
  method: z.string(),
  parameters: z.record(z.string(), z.unknown()).readonly(),
  /** How the divergence was measured: text and windows in words. */
  protocol: z.string(),
  entries: z.array(entrySchema).min(1).readonly(),
});

export type SensitivityEntry = Readonly<z.infer<typeof entrySchema>>;
export type SensitivityProfile = Readonly<z.infer<typeof profileSchema>>;

/** @param text of a file @returns the profile that it holds, or undefined where it holds none */
export function parseSensitivityProfile(text: string): SensitivityProfile | undefined {
  try {
    return profileSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The divergence of each module in nats, as a recipe holds it; a block's stands for each of its linears. */
export function divergencesOf({ entries }: SensitivityProfile): Record<string, number> {
  return Object.fromEntries(
    entries.flatMap(({ modules, divergence }) => modules.map((name) => [name, divergence])),
  );
}
