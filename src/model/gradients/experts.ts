import type * as tf from '@tensorflow/tfjs';
import { differentiableOp } from '../../gpu/differentiable-op';
import { uploadTensor } from '../../gpu/transfer';
import { ownExpertColumns } from '../../kernels/own-expert';
import { expertsOf, expertSize, type Mixture } from '../structure';

/**
 * Leaves of each token what the neurons of its own expert give, and of the gradient the same: [batch·length, experts · size] → the
 * same shape. In training all experts are computed for every token.
 *
 * @param mixture absent: every neuron is every token's
 * @param ids [batch·length]
 */
export function ofOwnExpert(hidden: tf.Tensor2D, mixture: Mixture | undefined, ids: Int32Array): tf.Tensor2D {
  if (!mixture) return hidden;
  const size = expertSize(mixture);
  const [y] = differentiableOp(
    { hidden },
    (save) => {
      const experts = uploadTensor(expertsOf(mixture, ids), [ids.length]) as tf.Tensor1D;
      save([experts]);
      return [ownExpertColumns(hidden, experts, size)];
    },
    ([change], [experts]) => ({
      hidden: () => ownExpertColumns(change as tf.Tensor2D, experts as tf.Tensor1D, size),
    }),
  );
  return y as tf.Tensor2D;
}
