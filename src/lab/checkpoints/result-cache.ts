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

/** Cached result of a training step. */
export interface FinishedTraining {
  readonly id: string;
  /** Name of the checkpoint. */
  readonly model: string;
  /** Recipe with its steps up to the one that trained. */
  readonly recipe: Recipe;
  /** Number of updates. */
  readonly steps: number;
  /** ISO 8601. */
  readonly savedAt: string;
  readonly bytes: number;
}

/** Result of a run besides its model. */
export interface ResultDetails {
  /** Training curve as reported. */
  readonly points: readonly TrainingPoint[];
  /** Records of the recipe's earlier training steps. */
  readonly earlier: readonly TrainingRecord[];
  /** Seconds that the recipe had taken so far. */
  readonly seconds: number;
}

interface ResultHeader extends RunHeader {
  /** Name of the checkpoint. */
  readonly model: string;
  /** SHA-256 of the following content, in hexadecimal. */
  readonly checksum: string;
}

/** Header between the file's header and the weights. */
interface ContentHeader extends Omit<ResultDetails, 'earlier'> {
  /** Absent in older files. */
  readonly earlier?: ResultDetails['earlier'];
  /** config.json of the trained model, whose task a step may have changed. */
  readonly config: Record<string, unknown>;
}

/** Result read from the cache. The caller owns the model. */
export interface CachedResult extends ResultDetails {
  readonly model: Model;
  /** ISO 8601. */
  readonly savedAt: string;
}

/**
 * Cache of trained models in files, with all weights in their stored format so that they load bit for bit. Optimizer moments
 * are not stored, because training does not resume from a result.
 */
export class ResultCache {
  constructor(private readonly files: RunFiles) {}

  /** Results for all checkpoints, the most recently used first. */
  async all(): Promise<FinishedTraining[]> {
    const results = await this.files.results<ResultHeader>();
    return results
      .sort((left, right) => right.usedAt.localeCompare(left.usedAt))
      .map(({ header: { id, model, recipe, step, savedAt, bytes } }) => {
        return { id, model, recipe, steps: step, savedAt, bytes };
      });
  }

  /**
   * Undefined if there is no such result.
   * @param base model that the result was made from; provides unused tensors that later steps may need
   * @throws LabError if the file is truncated, was changed or is not a result; CheckpointError or ModelError if the weights
   * are no valid model; storage errors; the signal's reason when cancelled
   */
  async read(id: string, base: Model, signal?: AbortSignal): Promise<CachedResult | undefined> {
    const file = await this.files.read<ResultHeader>(nameOf(id));
    if (!file) return undefined;
    const { header, content } = file;
    if (header.checksum !== (await sha256(blobOf(content)))) throw new LabError('the file was changed');
    const { header: details, content: weights } = splitHeader<ContentHeader>(content);
    const { tensors, metadata } = await openSafetensors(blobOf(weights), 'The cached model');
    await this.files.use(nameOf(id));
    const all = new Map([...base.unused, ...tensors]);
    const checkpoint = { name: 'a cached model', config: details.config, tensors: all, metadata };
    const model = await loadModel(checkpoint, { signal });
    const { points, earlier = [], seconds } = details;
    return { model, points, earlier, seconds, savedAt: header.savedAt };
  }

  /**
   * @param run identity whose `id` is the result's, and whose recipe has the steps that were made
   * @param checkpointName name for the user
   * @throws LabError if there is no room for it; storage errors
   */
  async write(
    { id, checkpoint, recipe }: RunIdentity,
    checkpointName: string,
    model: Model,
    { points, earlier, seconds }: ResultDetails,
  ): Promise<void> {
    const details: ContentHeader = { points, earlier, seconds, config: model.config.source };
    const content = joined(withHeader(details, [await weightsOf(model, recipe)]));
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

/** Weights as an exported safetensors file. */
async function weightsOf(model: Model, recipe: RunIdentity['recipe']): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  // Copied, because a format may yield views of memory that is reused for the next tensor.
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
