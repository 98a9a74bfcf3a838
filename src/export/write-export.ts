import type { CheckpointFiles } from '../checkpoint/checkpoint-files';
import type { Model } from '../model/model';
import { companionFiles, planExport } from './export-plan';
import type { Recipe } from '../compression/recipe/recipe-description';
import type { OperationOptions } from '../progress/progress';
import type { ExportFormat, ExportSink } from './export-sink';

/** An export that could not be written, and what would work, in one sentence. */
export class ExportError extends Error {
  override readonly name = 'ExportError';
}

/** Bytes that go to the sink at once. */
const PIECE_BYTES = 8 * 1024 * 1024;

/**
 * Writes a model as a folder of files.
 * @throws ExportError where the sink fails (a full disk, a withdrawn permission); nothing in the lab changes
 */
export async function writeExport(
  model: Model,
  checkpoint: CheckpointFiles,
  recipe: Recipe,
  format: ExportFormat,
  sink: ExportSink,
  { signal, onProgress }: OperationOptions,
): Promise<void> {
  const plan = planExport(model, format, recipe);
  const total = plan.file.byteLength;
  const label = `Exporting ${recipe.name}`;
  for (const { name, text } of companionFiles(model, checkpoint, recipe, format)) {
    const bytes = new TextEncoder().encode(text);
    await writeFile(sink, { path: name, byteLength: bytes.length, chunks: [bytes], signal });
  }
  await writeFile(sink, {
    path: 'model.safetensors',
    byteLength: total,
    chunks: plan.chunks(),
    signal,
    onBytes: (done) => onProgress?.({ label, done, total, unit: 'bytes' }),
  });
}

interface FileToWrite {
  readonly path: string;
  readonly byteLength: number;
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  readonly signal?: AbortSignal;
  onBytes?(done: number): void;
}

/** Writes one file; where that fails or is cancelled, the sink takes the incomplete one away. */
async function writeFile(
  sink: ExportSink,
  { path, byteLength, chunks, signal, onBytes }: FileToWrite,
): Promise<void> {
  let done = 0;
  const attempt = async (step: () => Promise<void>) => {
    try {
      await step();
    } catch (error) {
      throw new ExportError(
        `${path} could not be written after ${done} of ${byteLength} bytes (${(error as Error).message}); free some space or choose another place, the variant is still here.`,
      );
    }
  };
  signal?.throwIfAborted();
  await attempt(() => sink.open(path, byteLength));
  try {
    for await (const chunk of chunks) {
      for (let start = 0; start < chunk.length; start += PIECE_BYTES) {
        signal?.throwIfAborted();
        const piece = chunk.subarray(start, start + PIECE_BYTES);
        await attempt(() => sink.write(piece));
        done += piece.length;
        onBytes?.(done);
      }
    }
    await attempt(() => sink.close());
  } catch (error) {
    // Whatever comes of tidying up, the first error is the one to tell.
    await sink.abort?.().catch(() => undefined);
    throw error;
  }
}
