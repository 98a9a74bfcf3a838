import type * as tf from '@tensorflow/tfjs';
import { uploadTensor } from '../engines/webgpu/transfer';
import type { LinearWeight } from './linear-weight';

/** Dense values of a weight of any format, [out, in]; a dense weight shares its buffer. The caller disposes. */
export async function denseTensor(weight: LinearWeight): Promise<tf.Tensor2D> {
  return weight.denseValues?.clone() ?? uploadTensor(await weight.dense(), [...weight.shape]);
}
