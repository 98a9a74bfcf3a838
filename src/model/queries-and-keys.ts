import * as tf from '@tensorflow/tfjs';
import { splitHeads } from '../engines/webgpu/kernels/attention/heads';
import type { LinearObserver, Model, TokenBatch } from './model';

/** What a block's attention maps are made of. */
export interface QueriesAndKeys extends tf.TensorContainerObject {
  /** [batch·kept heads, length, headWidth], as `key` */
  readonly query: tf.Tensor3D;
  readonly key: tf.Tensor3D;
}

/**
 * One block that has attention, run as `Model.runBlock` does it, with its queries and keys: the kernel of its attention keeps the
 * maps to itself. They are what the block's own linears give, so nothing is computed twice.
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
  const kept = new Map<string, tf.Tensor3D>();
  const observe: LinearObserver = (module, _, y) => {
    const ofModule = roles.get(module)!;
    if (!ofModule.some((role) => role !== 'value')) return;
    const layout = { length: batch.length, headWidth: width / heads, roles: ofModule.length };
    const parts = splitHeads(y, layout);
    ofModule.forEach((role, run) => {
      if (role !== 'value') kept.set(role, tf.keep(parts[run]));
    });
  };
  return tf.tidy(() => {
    try {
      const output = model.runBlock(position, hidden, batch, observe);
      return { hidden: output, query: kept.get('query')!.clone(), key: kept.get('key')!.clone() };
    } finally {
      tf.dispose([...kept.values()]);
    }
  });
}
