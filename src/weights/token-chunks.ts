import * as tf from '@tensorflow/tfjs';
import { currentGpu } from '../engines/webgpu/device';
import { emptyTensor } from '../engines/webgpu/transfer';
import { copyColumns } from '../engines/webgpu/kernels/layers/copy-columns';
import { rowRange } from '../engines/webgpu/kernels/layers/copy-rows';
import type { Epilogue } from '../engines/webgpu/kernels/wgsl/epilogue';

const BYTES_PER_ELEMENT = 4;
/** Maximum rows of a product in other formats on any device: 65,535 workgroups of 16. */
const MOST_ROWS = 65_535 * 16;

/** Memory needs of one token in a factorized weight. */
export interface TokenNeeds {
  /** Elements of the largest intermediate result. */
  readonly elements: number;
  /** Rows per token in a factor's own product. */
  readonly rows: number;
}

/** Number of tokens whose intermediates fit one binding of the device; at least one. */
export function tokensAtOnce({ elements, rows }: TokenNeeds, maxBindingBytes: number): number {
  const byBytes = Math.floor(maxBindingBytes / (BYTES_PER_ELEMENT * elements));
  return Math.max(1, Math.min(byBytes, Math.floor(MOST_ROWS / rows)));
}

/**
 * Applies to all tokens at once if the device allows it, else to one chunk after the other: the state between the factors of
 * a wide weight is many times as large as the activations.
 * @param apply [tokens, in] → [tokens, outputs], with the epilogue for those tokens
 */
export function inTokenChunks(
  x: tf.Tensor2D,
  outputs: number,
  needs: TokenNeeds,
  epilogue: Epilogue | undefined,
  apply: (x: tf.Tensor2D, epilogue: Epilogue | undefined) => tf.Tensor2D,
): tf.Tensor2D {
  const tokens = x.shape[0];
  const atOnce = tokensAtOnce(needs, currentGpu().description.maxBindingBytes);
  if (tokens <= atOnce) return tf.tidy(() => apply(x, epilogue));
  const y = emptyTensor([tokens, outputs]);
  for (let start = 0; start < tokens; start += atOnce) {
    const count = Math.min(atOnce, tokens - start);
    tf.tidy(() => {
      const residual = epilogue?.residual && rowRange(epilogue.residual, start, count);
      copyColumns(apply(rowRange(x, start, count), epilogue && { ...epilogue, residual }), 0, y, start);
    });
  }
  return y;
}
