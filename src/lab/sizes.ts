import type { Model } from '../model/model';
import { planExport } from './export-plan';
import type { OperationOptions, Recipe, SizeReport } from './protocol';

/** Bytes that are compressed between two reports of progress. */
const PIECE_BYTES = 4 * 1024 * 1024;

/** Weight values that a model stores, vectors included. */
export function storedParameters(model: Model): number {
  const vectors = [...model.vectors.values()].reduce((sum, { size }) => sum + size, 0);
  return [...model.linears.values()].reduce((sum, { parameters }) => sum + parameters, vectors);
}

/** Weight values of a model whose matrices are all dense, whatever form they have. */
function denseParameters({ layout }: Model): number {
  const shapes = [...layout.matrices, ...layout.vectors].map(({ shape }) => shape as readonly number[]);
  return shapes.reduce((sum, shape) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

/** Bytes of a model's weights on the GPU. */
export function weightBytes(model: Model): number {
  const vectors = [...model.vectors.values()].reduce((sum, { size }) => sum + size * 4, 0);
  return [...model.linears.values()].reduce((sum, { storedBytes }) => sum + storedBytes, vectors);
}

/** Sizes of a variant; the gzip one by compressing the file as it would be written, a tensor at a time. */
export async function measureSize(
  base: Model,
  variant: Model,
  recipe: Recipe,
  { signal, onProgress }: OperationOptions = {},
): Promise<SizeReport> {
  const plan = planExport(variant, 'lathe', recipe);
  const storedBytes = plan.file.byteLength;
  const label = `Measuring the size of ${recipe.name}`;
  const report = (done: number) => onProgress?.({ label, done, total: storedBytes, unit: 'bytes' });
  return {
    denseBytes: planExport(base, 'dense', recipe).file.byteLength,
    storedBytes,
    gzipBytes: await gzipLength(plan.chunks(), report, signal),
    bitsPerWeight: (8 * storedBytes) / denseParameters(base),
    parameters: storedParameters(variant),
  };
}

async function gzipLength(
  chunks: AsyncGenerator<Uint8Array>,
  onBytes: (done: number) => void,
  signal?: AbortSignal,
): Promise<number> {
  const compression = new CompressionStream('gzip');
  const counting = countBytes(compression.readable);
  const writer = compression.writable.getWriter();
  let done = 0;
  try {
    for await (const chunk of chunks) {
      for (let start = 0; start < chunk.length; start += PIECE_BYTES) {
        signal?.throwIfAborted();
        const piece = chunk.subarray(start, start + PIECE_BYTES) as Uint8Array<ArrayBuffer>;
        await writer.write(piece);
        onBytes((done += piece.length));
      }
    }
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => undefined);
    await counting.catch(() => undefined);
    throw error;
  }
  return counting;
}

async function countBytes(stream: ReadableStream<Uint8Array>): Promise<number> {
  const reader = stream.getReader();
  let count = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return count;
    count += value.length;
  }
}
