import { z } from 'zod';

/** One linear, or all linears of a block compressed together. */
const entrySchema = z.object({
  /** Module name, or `block N`. */
  name: z.string(),
  modules: z.array(z.string()).min(1).readonly(),
  /** Mean Kullback–Leibler divergence of the predictions from the base's, in nats. */
  divergence: z.number().nonnegative(),
  /** Bytes saved in the stored weights. */
  bytesSaved: z.number(),
});

/** Content of `sensitivities.json`. */
const profileSchema = z.object({
  /** Name of the checkpoint. */
  model: z.string(),
  /** Step that was applied to each entry alone. */
  method: z.string(),
  parameters: z.record(z.string(), z.unknown()).readonly(),
  /** Text and windows of the measurement in words. */
  protocol: z.string(),
  entries: z.array(entrySchema).min(1).readonly(),
});

export type SensitivityEntry = Readonly<z.infer<typeof entrySchema>>;
export type SensitivityProfile = Readonly<z.infer<typeof profileSchema>>;

/** @param text content of a file @returns the profile, or undefined if the text is none */
export function parseSensitivityProfile(text: string): SensitivityProfile | undefined {
  try {
    return profileSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Divergence of each module in nats, in the format of a recipe; a block's divergence applies to each of its linears. */
export function divergencesOf({ entries }: SensitivityProfile): Record<string, number> {
  return Object.fromEntries(
    entries.flatMap(({ modules, divergence }) => modules.map((name) => [name, divergence])),
  );
}
