import type { Checkpoint } from '../../checkpoint/checkpoint';
import type { TensorEntry } from '../../checkpoint/named-tensor';
import { needsCalibration } from '../../compression/recipe/apply-step';
import { type CheckedRecipe, type CheckedStep, trains } from '../../compression/recipe/recipe';
import type { DataSet } from '../../evaluation/evaluation';

/** Bytes hashed at the beginning, the middle and the end of each tensor; training changes every part of a matrix. */
const BYTES_READ = 4096;
/** Version of the training methods; raised when one gives different results for the same settings. */
const VERSION = 1;

/** Looks up a text by its name in a recipe. */
export type TextByName = (name: string) => DataSet | undefined;

/**
 * Identity of a checkpoint: SHA-256, in hexadecimal, of its config and of the names, shapes and some bytes of all tensors.
 */
export async function checkpointIdentity({ config, tensors, metadata }: Checkpoint): Promise<string> {
  const entries = [...tensors.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  const samples: Uint8Array[] = [];
  for (const entry of entries) samples.push(...(await samplesOf(entry)));
  const shapes = entries.map(({ name, dtype, shape }) => [name, dtype, shape]);
  return sha256(new Blob([canonicalJson([config, metadata, shapes]), ...(samples as BlobPart[])]));
}

/**
 * Identity of a run that can be resumed: the checkpoint, the recipe's steps up to the one that trains, and the contents of
 * their texts.
 * @param steps first steps of the recipe; earlier ones that were ended early have `stopAfter` among their parameters
 */
export function runIdentity(
  checkpoint: string,
  recipe: CheckedRecipe,
  steps: readonly CheckedStep[],
  texts: TextByName,
): Promise<string> {
  return identityOfSteps('run', checkpoint, recipe, steps, texts);
}

/**
 * Identity of a result: the checkpoint and the recipe's first steps, with the contents of their texts. Settings for later
 * steps have no influence.
 * @param steps first steps of the recipe; one that was ended early has `stopAfter` among its parameters
 */
export function resultIdentity(
  checkpoint: string,
  recipe: CheckedRecipe,
  steps: readonly CheckedStep[],
  texts: TextByName,
): Promise<string> {
  return identityOfSteps('result', checkpoint, recipe, steps, texts);
}

async function identityOfSteps(
  purpose: string,
  checkpoint: string,
  { calibration, training, sensitivities }: CheckedRecipe,
  steps: readonly CheckedStep[],
  texts: TextByName,
): Promise<string> {
  const withContent = async <Settings extends { readonly text: string }>(settings: Settings | undefined) => {
    const text = settings && texts(settings.text);
    return { ...settings, text: text && (await sha256(new Blob([text.kind, '\0', text.content]))) };
  };
  const made: unknown[] = [];
  for (const { method, training: stepTraining, ...step } of steps) {
    const learnsFrom = trains(method) ? await withContent(stepTraining ?? training) : undefined;
    made.push({ method: method.id, ...step, training: learnsFrom });
  }
  const isCalibrated = steps.some(({ method, parameters }) => needsCalibration(method, parameters));
  const choosesBySensitivity = steps.some(({ targets }) => 'leastSensitive' in targets);
  const all = {
    version: VERSION,
    purpose,
    checkpoint,
    steps: made,
    calibration: isCalibrated ? await withContent(calibration) : undefined,
    sensitivities: choosesBySensitivity ? sensitivities : undefined,
  };
  return sha256(new Blob([canonicalJson(all)]));
}

async function samplesOf({ byteLength, readBytes }: TensorEntry): Promise<Uint8Array[]> {
  if (byteLength <= 3 * BYTES_READ) return [await readBytes(0, byteLength)];
  const middle = Math.floor((byteLength - BYTES_READ) / 2);
  const starts = [0, middle, byteLength - BYTES_READ];
  return Promise.all(starts.map((start) => readBytes(start, start + BYTES_READ)));
}

/** JSON with sorted object keys, because their order carries no meaning. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([left], [right]) => (left < right ? -1 : 1)))
      : part,
  );
}

/** SHA-256 in hexadecimal. */
export async function sha256(blob: Blob): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
