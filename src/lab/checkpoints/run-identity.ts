import type { Checkpoint } from '../../checkpoint/checkpoint';
import type { TensorEntry } from '../../checkpoint/named-tensor';
import { needsCalibration } from '../../compression/recipe/apply-step';
import { type CheckedRecipe, type CheckedStep, trains } from '../../compression/recipe/recipe';
import type { DataSet } from '../../evaluation/evaluation';

/** Read of each tensor, at its beginning, in its middle and at its end: training changes all of a matrix. */
const BYTES_READ = 4096;
/** Of what methods that train do: raised when one of them comes to something else by the same settings. */
const VERSION = 1;

/** Gives a text by the name that a recipe calls it by. */
export type TextByName = (name: string) => DataSet | undefined;

/** The same for the same config and weights, by names, shapes and some bytes of every tensor: a SHA-256 in hexadecimal. */
export async function checkpointIdentity({ config, tensors, metadata }: Checkpoint): Promise<string> {
  const entries = [...tensors.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  const samples: Uint8Array[] = [];
  for (const entry of entries) samples.push(...(await samplesOf(entry)));
  const shapes = entries.map(({ name, dtype, shape }) => [name, dtype, shape]);
  return sha256(new Blob([canonicalJson([config, metadata, shapes]), ...(samples as BlobPart[])]));
}

/**
 * The same for runs that go on from one another: the checkpoint, a recipe's steps up to the one that trains, and the contents of
 * the texts that these need.
 * @param steps the first ones of the recipe; earlier ones that were ended early with `stopAfter` among their parameters
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
 * The same for what comes to the same model: the checkpoint and a recipe's first steps, with the contents of the texts that
 * these need. What the recipe says besides, for later steps, makes no difference.
 * @param steps the first ones of the recipe; of a run that was ended early with `stopAfter` among its parameters
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
  for (const { method, training: own, ...step } of steps) {
    const learnsFrom = trains(method) ? await withContent(own ?? training) : undefined;
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

/** With the keys of every object in order: where a value came from decides about their order, and means nothing. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([left], [right]) => (left < right ? -1 : 1)))
      : each,
  );
}

/** In hexadecimal. */
export async function sha256(blob: Blob): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
