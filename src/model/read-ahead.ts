import { BYTES_PER_ELEMENT } from '../checkpoint/dtypes';
import { readFloat32 } from '../checkpoint/float-conversion';
import type { TensorEntry } from '../checkpoint/named-tensor';

/** Elements `start` to `end` of a tensor. */
export interface TensorPiece {
  readonly entry: TensorEntry;
  readonly start: number;
  readonly end: number;
}

/** Bytes of the file that are read before they are asked for: two pieces of a large matrix. */
const BYTES_AHEAD = 16 * 1024 * 1024;

/**
 * Reads pieces of tensors as float32, in order. While one is used, the next are read: a browser reads a file in another
 * process, and each read waits for that, which over the many small tensors of a checkpoint takes longer than the bytes do.
 *
 * @throws CheckpointError as `readFloat32`, in the piece's turn; the signal's reason when cancelled
 */
export async function* readAhead<Piece extends TensorPiece>(
  pieces: Iterable<Piece>,
  signal?: AbortSignal,
): AsyncGenerator<{ piece: Piece; values: Float32Array }, void, undefined> {
  const reads: { piece: Piece; values: Promise<Float32Array> }[] = [];
  const coming = pieces[Symbol.iterator]();
  let bytesAhead = 0;
  for (;;) {
    while (bytesAhead < BYTES_AHEAD) {
      const next = coming.next();
      if (next.done) break;
      const piece = next.value;
      const values = readFloat32(piece.entry, piece.start, piece.end);
      // A read whose turn never comes must not fail unheard.
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

/** Bytes of a piece in the file. */
export function byteLength({ entry, start, end }: TensorPiece): number {
  return (end - start) * BYTES_PER_ELEMENT[entry.dtype];
}
