import { z } from 'zod';
import type { Recipe } from '../lab/protocol/protocol';

const trainingSchema = z.strictObject({
  text: z.string(),
  heldOutShare: z.number().default(0.02),
  seed: z.number().default(0),
});

/**
 * What a draft must have for its form to be drawn; what is left out gets its default. Other keys stay, so that the lab's own
 * check names them.
 */
const draftSchema = z.looseObject({
  name: z.string().default('My recipe'),
  calibration: z
    .strictObject({
      text: z.string(),
      sequences: z.number().default(64),
      length: z.number().default(128),
      seed: z.number().default(0),
    })
    .optional(),
  training: trainingSchema.optional(),
  steps: z.array(
    z.looseObject({
      method: z.string(),
      targets: z
        .union([z.array(z.string()), z.strictObject({ leastSensitive: z.number() })])
        .default(['Linear']),
      ignore: z.array(z.string()).default([]),
      parameters: z.record(z.string(), z.unknown()).default({}),
      training: trainingSchema.optional(),
    }),
  ),
});

/** @throws Error whose message says what is wrong, without a final stop */
export function readDraft(json: unknown): Recipe {
  const result = draftSchema.safeParse(json);
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues;
  throw new Error(`${path.length ? `at ${path.join(' ')}: ` : ''}${message}`);
}
