import type { Recipe } from '../../compression/recipe/recipe-schema';
import { openSafetensors } from '../../checkpoint/safetensors-reader';
import { loadModel } from '../../model/load-model';
import type { Model } from '../../model/model';
import type { TrainingPoint } from '../../train/training-context';
import { latheWeights } from '../../export/lathe';
import { splitHeader, withHeader } from './file-header';
import type { RunHeader, RunFiles, RunIdentity } from './run-files';
import { LabError } from '../lab-error';
import { sha256 } from './run-identity';
import type { TrainingRecord } from '../report/training-record';

/** What a step that trains came to, kept so that it is not trained again. */
export interface FinishedTraining {
  readonly id: string;
  /** Name of the checkpoint. */
  readonly model: string;
  /** Its steps up to the one that trained. */
  readonly recipe: Recipe;
  /** Updates that were made. */
  readonly steps: number;
  /** ISO 8601. */
  readonly savedAt: string;
  readonly bytes: number;
}

/** What a run came to besides its model. */
export interface ResultDetails {
  /** The curve of the run, as it was told. */
  readonly points: readonly TrainingPoint[];
  /** Of the recipe's steps before it that train. */
  readonly earlier: readonly TrainingRecord[];
  /** That the recipe had taken so far. */
  readonly seconds: number;
}

interface ResultHeader extends RunHeader {
  /** Name of the checkpoint. */
  readonly model: string;
  /** SHA-256 of what follows, in hexadecimal. */
  readonly checksum: string;
}

/** What stands between the file's header and the weights. */
interface ContentHeader extends Omit<ResultDetails, 'earlier'> {
  /** Absent in files older than this entry. */
  readonly earlier?: ResultDetails['earlier'];
  /** The checkpoint's config.json, of the trained model: a step may have changed its task. */
  readonly config: Record<string, unknown>;
}

/** A result as it is read back. The caller owns the model. */
export interface CachedResult extends ResultDetails {
  readonly model: Model;
  /** ISO 8601. */
  readonly savedAt: string;
}

/**
 * Models that steps which train left, in files: all weights in their stored format, so that the model comes back equal to the bit;
 * no optimizer's moments, since nothing goes on from there.
 */
export class ResultCache {
  constructor(private readonly files: RunFiles) {}

  /** Of all checkpoints, the one used last first. */
  async all(): Promise<FinishedTraining[]> {
    const results = await this.files.results<ResultHeader>();
    return results
      .sort((left, right) => right.usedAt.localeCompare(left.usedAt))
      .map(({ header: { id, model, recipe, step, savedAt, bytes } }) => {
        return { id, model, recipe, steps: step, savedAt, bytes };
      });
  }

  /**
   * Undefined where there is none.
   * @param base of which it was made: gives the tensors that no model uses, and a later step may
   * @throws LabError where the file is cut off, was changed, or is none of these; CheckpointError or ModelError where the weights
   *   are no model; what the storage throws; the signal's reason when cancelled
   */
  async read(id: string, base: Model, signal?: AbortSignal): Promise<CachedResult | undefined> {
    const file = await this.files.read<ResultHeader>(nameOf(id));
    if (!file) return undefined;
    const { header, content } = file;
    if (header.checksum !== (await sha256(blobOf(content)))) throw new LabError('the file was changed');
    const { header: own, content: weights } = splitHeader<ContentHeader>(content);
    const { tensors, metadata } = await openSafetensors(blobOf(weights), 'The kept model');
    await this.files.use(nameOf(id));
    const all = new Map([...base.unused, ...tensors]);
    const checkpoint = { name: 'a kept model', config: own.config, tensors: all, metadata };
    const model = await loadModel(checkpoint, { signal });
    const { points, earlier = [], seconds } = own;
    return { model, points, earlier, seconds, savedAt: header.savedAt };
  }

  /**
   * @param run whose `id` is the result's, and whose recipe has the steps that were made
   * @param checkpointName for the user
   * @throws LabError where there is no room for it; what the storage throws
   */
  async write(
    { id, checkpoint, recipe }: RunIdentity,
    checkpointName: string,
    model: Model,
    { points, earlier, seconds }: ResultDetails,
  ): Promise<void> {
    const own: ContentHeader = { points, earlier, seconds, config: model.config.source };
    const content = joined(withHeader(own, [await weightsOf(model, recipe)]));
    const { step, steps } = points.at(-1) ?? { step: 0, steps: 0 };
    const header: Omit<ResultHeader, 'bytes'> = {
      id,
      checkpoint,
      recipe,
      step,
      steps,
      savedAt: new Date().toISOString(),
      model: checkpointName,
      checksum: await sha256(blobOf(content)),
    };
    await this.files.write(nameOf(id), header, content);
  }
}

function nameOf(id: string): string {
  return `${id}-result`;
}

/** A safetensors file as an export has it. */
async function weightsOf(model: Model, recipe: RunIdentity['recipe']): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  // A format may give views of memory that the next tensor is read into.
  for await (const chunk of latheWeights(model, recipe).chunks()) chunks.push(chunk.slice());
  return joined(chunks);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}

function blobOf(bytes: Uint8Array): Blob {
  return new Blob([bytes as Uint8Array<ArrayBuffer>]);
}
