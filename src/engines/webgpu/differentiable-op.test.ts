import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { differentiableOp } from './differentiable-op';
import { openNodeGpu } from './node-gpu';

beforeAll(() => openNodeGpu());

/** a·b and a + b, recording which gradients are computed. */
function productAndSum(a: tf.Tensor, b: tf.Tensor, made: string[]): tf.Tensor[] {
  return differentiableOp(
    { a, b },
    (save) => {
      save([a, b]);
      return [tf.mul(a, b), tf.add(a, b)];
    },
    ([ofProduct, ofSum], [a, b]) => {
      const by = (name: string, other: tf.Tensor) => () => {
        made.push(name);
        return tf.add(tf.mul(ofProduct, other), ofSum);
      };
      return { a: by('a', b), b: by('b', a) };
    },
  );
}

test('gradients of several outputs, made only by what is asked for', async () => {
  const [a, b] = [tf.tensor1d([2, -3]), tf.tensor1d([5, 7])];
  const made: string[] = [];
  const loss = (a: tf.Tensor, b: tf.Tensor) => {
    const [product, sum] = productAndSum(a, b, made);
    return tf.add(tf.sum(tf.mul(product, 10)), tf.sum(sum)) as tf.Scalar;
  };
  const both = tf.grads(loss)([a, b]);
  expect([[...(await both[0].data())], [...(await both[1].data())]]).toEqual([
    [51, 71],
    [21, -29],
  ]);
  expect(made.splice(0)).toEqual(['a', 'b']);
  const one = tf.grad((a: tf.Tensor) => loss(a, b))(a);
  expect([...(await one.data())]).toEqual([51, 71]);
  expect(made).toEqual(['a']);
  tf.dispose([a, b, ...both, one]);
});

test('without a tape nothing is kept', async () => {
  const [a, b] = [tf.tensor1d([2]), tf.tensor1d([5])];
  const results = productAndSum(a, b, []);
  expect(await Promise.all(results.map(async (result) => [...(await result.data())]))).toEqual([[10], [7]]);
  expect(tf.memory().numTensors).toBe(4);
  tf.dispose([a, b, ...results]);
});
