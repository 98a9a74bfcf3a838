import * as tf from '@tensorflow/tfjs';
import { splitHeads } from '../engines/webgpu/kernels/attention/heads';
import type { LinearObserver, Model, TokenBatch } from './model';

/** Queries and keys of a block's attention. */
export interface QueriesAndKeys extends tf.TensorContainerObject {
  /** [batch·kept heads, length, headWidth], like `key` */
  readonly query: tf.Tensor3D;
  readonly key: tf.Tensor3D;
}

/**
 * Runs one block with attention like `Model.runBlock` and also returns its queries and keys, because the attention kernel does
 * not expose its maps. They are outputs of the block's linears, so nothing is computed twice.
 * @param position in `config.structure.blocks`
 */
export function runBlockWithQueries(
  model: Model,
  position: number,
  hidden: tf.Tensor2D,
  batch: TokenBatch,
): QueriesAndKeys & { readonly hidden: tf.Tensor2D } {
  const { width, heads, structure } = model.config;
  const { index } = structure.blocks[position];
  const roles = new Map(
    model.layout.matrices
      .filter(({ block }) => block === index)
      .map(({ module, attentionRoles = [] }) => [module, attentionRoles]),
  );
  const captured = new Map<string, tf.Tensor3D>();
  const observe: LinearObserver = (module, _, y) => {
    const moduleRoles = roles.get(module)!;
    if (!moduleRoles.some((role) => role !== 'value')) return;
    const layout = { length: batch.length, headWidth: width / heads, roles: moduleRoles.length };
    const parts = splitHeads(y, layout);
    moduleRoles.forEach((role, index) => {
      if (role !== 'value') captured.set(role, tf.keep(parts[index]));
    });
  };
  return tf.tidy(() => {
    try {
      const output = model.runBlock(position, hidden, batch, observe);
      return { hidden: output, query: captured.get('query')!.clone(), key: captured.get('key')!.clone() };
    } finally {
      tf.dispose([...captured.values()]);
    }
  });
}
