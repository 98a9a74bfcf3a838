import type { OperationOptions } from '../progress/progress';
import { ExportError } from './export-error';
import type { ExportFile, ExportFormat, ExportSource } from './export-format';
import type { ExportSink } from './export-sink';

/** Bytes passed to the sink at once. */
const PIECE_BYTES = 8 * 1024 * 1024;

/**
 * Writes a variant as a folder of files.
 * @throws ExportError where the export cannot hold the variant, or the sink fails (a full disk, a withdrawn
 *   permission); the lab's state does not change
 */
export async function writeExport(
  format: ExportFormat,
  source: ExportSource,
  sink: ExportSink,
  { signal, onProgress }: OperationOptions,
): Promise<void> {
  const canHold = format.canHold(source);
  if (canHold !== true) throw new ExportError(canHold);
  const files = format.plan(source);
  const total = files.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const label = `Exporting ${source.recipe.name}`;
  let done = 0;
  for (const file of files) {
    await writeFile(sink, file, signal, (bytes) =>
      onProgress?.({ label, done: (done += bytes), total, unit: 'bytes' }),
    );
  }
}

/** Writes one file; on failure or cancellation, the sink removes the incomplete file. */
async function writeFile(
  sink: ExportSink,
  { path, byteLength, chunks }: ExportFile,
  signal: AbortSignal | undefined,
  onBytes: (bytes: number) => void,
): Promise<void> {
  let done = 0;
  const attempt = async (step: () => Promise<void>) => {
    try {
      await step();
    } catch (error) {
      throw new ExportError(
        `${path} could not be written after ${done} of ${byteLength} bytes (${(error as Error).message}); free some space or choose another place. The variant is still open.`,
      );
    }
  };
  signal?.throwIfAborted();
  await attempt(() => sink.open(path, byteLength));
  try {
    for await (const chunk of chunks()) {
      for (let start = 0; start < chunk.length; start += PIECE_BYTES) {
        signal?.throwIfAborted();
        const piece = chunk.subarray(start, start + PIECE_BYTES);
        await attempt(() => sink.write(piece));
        done += piece.length;
        onBytes(piece.length);
      }
    }
    await attempt(() => sink.close());
  } catch (error) {
    // Whatever happens during cleanup, the first error is reported.
    await sink.abort?.().catch(() => undefined);
    throw error;
  }
}
