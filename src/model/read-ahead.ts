import { BYTES_PER_ELEMENT } from '../checkpoint/dtypes';
import { readFloat32 } from '../checkpoint/float-conversion';
import type { TensorEntry } from '../checkpoint/named-tensor';

/** Elements `start` to `end` of a tensor. */
export interface TensorPiece {
  readonly entry: TensorEntry;
  readonly start: number;
  readonly end: number;
}

/** Bytes read in advance: two pieces of a large matrix. */
const BYTES_AHEAD = 16 * 1024 * 1024;

/**
 * Reads pieces of tensors as float32, in order, and the next ones while one is used: a browser reads files in another process,
 * and waiting for each read would take longer than reading the many small tensors of a checkpoint.
 *
 * @throws CheckpointError as `readFloat32`, in order of the pieces; the signal's reason when cancelled
 */
export async function* readAhead<Piece extends TensorPiece>(
  pieces: Iterable<Piece>,
  signal?: AbortSignal,
): AsyncGenerator<{ piece: Piece; values: Float32Array }, void, undefined> {
  const reads: { piece: Piece; values: Promise<Float32Array> }[] = [];
  const iterator = pieces[Symbol.iterator]();
  let bytesAhead = 0;
  for (;;) {
    while (bytesAhead < BYTES_AHEAD) {
      const next = iterator.next();
      if (next.done) break;
      const piece = next.value;
      const values = readFloat32(piece.entry, piece.start, piece.end);
      // Prevents an unhandled rejection if reading stops before this piece.
      values.catch(() => undefined);
      reads.push({ piece, values });
      bytesAhead += byteLength(piece);
    }
    const first = reads.shift();
    if (!first) return;
    const values = await first.values;
    signal?.throwIfAborted();
    bytesAhead -= byteLength(first.piece);
    yield { piece: first.piece, values };
  }
}

/** Size of a piece in the file, in bytes. */
export function byteLength({ entry, start, end }: TensorPiece): number {
  return (end - start) * BYTES_PER_ELEMENT[entry.dtype];
}
