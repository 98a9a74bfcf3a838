import type { CheckpointFiles } from '../checkpoint/checkpoint-files';
import type { CheckedRecipe } from '../compression/recipe';

/** Tensors whose first bytes tell checkpoints of one shape apart. */
const TENSORS_READ = 4;
const BYTES_READ = 4096;

/** The same for the same weights, by names, shapes and the bytes of a few tensors: a SHA-256 in hexadecimal. */
export async function checkpointIdentity({ tensors }: CheckpointFiles): Promise<string> {
  const entries = [...tensors.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  const every = Math.max(1, Math.floor(entries.length / TENSORS_READ));
  const samples = entries.filter((_, index) => index % every === 0).slice(0, TENSORS_READ);
  const bytes = await Promise.all(
    samples.map(({ byteLength, readBytes }) => readBytes(0, Math.min(BYTES_READ, byteLength))),
  );
  const shapes = entries.map(({ name, dtype, shape }) => [name, dtype, shape]);
  return sha256(new Blob([JSON.stringify(shapes), ...(bytes as BlobPart[])]));
}

/**
 * The same for what gives the same variant: the checkpoint, the recipe but for its name, with defaults filled in, and the text
 * that it trains on.
 */
export async function runIdentity(
  checkpoint: string,
  { steps, calibration, training, sensitivities }: CheckedRecipe,
  text: string,
): Promise<string> {
  const methods = steps.map(({ method, ...step }) => ({ method: method.id, ...step }));
  const made = { checkpoint, steps: methods, calibration, training, sensitivities };
  return sha256(new Blob([JSON.stringify(made), '\0', text]));
}

async function sha256(blob: Blob): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
