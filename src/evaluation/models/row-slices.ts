import { currentGpu } from '../../engines/webgpu/device';
import { rowRange } from '../../engines/webgpu/kernels/layers/copy-rows';
import type * as tf from '@tensorflow/tfjs';

/** Maximum bytes of a slice of logits, whatever the device allows. */
const MAX_SLICE_BYTES = 64 * 1024 * 1024;

/** Number of rows of logits that fit one buffer; a long window with a large vocabulary needs several. */
export function rowsPerSlice(vocabularySize: number): number {
  const bytes = Math.min(MAX_SLICE_BYTES, currentGpu().description.maxBindingBytes);
  return Math.max(1, Math.floor(bytes / (vocabularySize * 4)));
}

/** Calls `visit` with consecutive slices of rows and frees each slice afterwards. */
export function forEachSlice(
  hidden: tf.Tensor2D,
  rows: number,
  visit: (slice: tf.Tensor2D, start: number, count: number) => void,
): void {
  const total = hidden.shape[0];
  for (let start = 0; start < total; start += rows) {
    const count = Math.min(rows, total - start);
    const slice = rowRange(hidden, start, count);
    try {
      visit(slice, start, count);
    } finally {
      slice.dispose();
    }
  }
}
