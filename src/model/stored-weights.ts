import type { TensorEntry } from '../checkpoint/named-tensor';
import type { LinearWeight } from '../weights/linear-weight';
import { loadWeight } from '../weights/formats';
import { ModelError } from './family';
import type { ByteProgress } from './byte-progress';
import type { MatrixLayout } from './model';

/** Metadata keys of a checkpoint in Lathe's compressed format; see docs/formats.md. */
export const FORMAT_KEY = 'lathe.format';
export const WEIGHTS_KEY = 'lathe.weights';
export const FORMAT_VERSION = '1';

/** Stored format of one module's weight in a compressed checkpoint. */
export interface StoredWeightDescription {
  readonly form: string;
  readonly attributes: Record<string, unknown>;
}

/**
 * Compressed weights that a file's metadata declares; empty for an ordinary checkpoint.
 * @throws ModelError if the declaration has another version or cannot be read
 */
export function storedWeights(
  metadata: Readonly<Record<string, string>>,
): Map<string, StoredWeightDescription> {
  const version = metadata[FORMAT_KEY];
  if (version === undefined) return new Map();
  if (version !== FORMAT_VERSION) {
    throw new ModelError(
      `This checkpoint was written in version ${version} of Lathe's format, this Lathe reads version ${FORMAT_VERSION}; export it again.`,
    );
  }
  try {
    const parsed = JSON.parse(metadata[WEIGHTS_KEY]) as Record<string, StoredWeightDescription>;
    return new Map(Object.entries(parsed));
  } catch {
    throw new ModelError(
      `The metadata entry ${WEIGHTS_KEY} of this compressed checkpoint is damaged; export it again.`,
    );
  }
}

/** Loads one compressed weight. @throws ModelError naming the module and the problem */
export async function readStoredWeight(
  { module, shape }: MatrixLayout,
  { form, attributes }: StoredWeightDescription,
  entries: ReadonlyMap<string, TensorEntry>,
  progress: Pick<ByteProgress, 'readBytes'>,
): Promise<LinearWeight> {
  try {
    return await loadWeight(form, shape, attributes, async (suffix) => {
      const entry = entries.get(`${module}.${suffix}`);
      if (!entry) throw new Error(`the tensor ${module}.${suffix} is missing`);
      return { bytes: await progress.readBytes(entry), shape: entry.shape, dtype: entry.dtype };
    });
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw error;
    throw new ModelError(
      `The compressed weight of ${module} cannot be read: ${(error as Error).message}; export it again.`,
    );
  }
}
