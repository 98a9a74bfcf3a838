import type { CheckpointFiles } from '../checkpoint/checkpoint-files';
import type { Model } from '../model/model';
import { companionFiles, planExport } from './export-plan';
import { LabError } from './lab-error';
import type { ExportFormat, ExportSink, OperationOptions, Recipe } from './protocol';

/** Bytes that go to the sink at once. */
const PIECE_BYTES = 8 * 1024 * 1024;

/**
 * Writes a model as a folder of files.
 * @throws LabError where the sink fails (a full disk, a withdrawn permission); nothing in the lab changes
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
  let path = '';
  let done = 0;
  const label = `Exporting ${recipe.name}`;
  try {
    for (const { name, text } of companionFiles(model, checkpoint, recipe, format)) {
      path = name;
      const bytes = new TextEncoder().encode(text);
      await sink.open(path, bytes.length);
      await sink.write(bytes);
      await sink.close();
    }
    path = 'model.safetensors';
    await sink.open(path, total);
    for await (const chunk of plan.chunks()) {
      for (let start = 0; start < chunk.length; start += PIECE_BYTES) {
        signal?.throwIfAborted();
        const piece = chunk.subarray(start, start + PIECE_BYTES);
        await sink.write(piece);
        done += piece.length;
        onProgress?.({ label, done, total, unit: 'bytes' });
      }
    }
    await sink.close();
  } catch (error) {
    signal?.throwIfAborted();
    throw new LabError(
      `${path} could not be written after ${done} of ${total} bytes (${(error as Error).message}); free some space or choose another place, the variant is still here.`,
    );
  }
}
