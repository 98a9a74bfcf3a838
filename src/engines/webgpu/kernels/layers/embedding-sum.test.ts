import * as tf from '@tensorflow/tfjs';
import { beforeAll, test } from 'vitest';
import { readFloats, uploadTensor } from '../../transfer';
import { expectAllClose, seededNormal } from '../../../../testing/allclose';
import { openNodeGpu } from '../../node-gpu';
import { embeddingSum } from './embedding-sum';

beforeAll(() => openNodeGpu());

const [width, length, batch, context] = [70, 3, 2, 9];
const tokenValues = seededNormal(batch * length * width, 1);
const positionValues = seededNormal(context * width, 2);
const typeValues = seededNormal(2 * width, 3);
const typeIds = [0, 1, 1, 0, 0, 1];

test.each([
  [0, false],
  [4, false],
  [0, true],
])('from position %i on, with token types %s', async (past, hasTypes) => {
  const tokens = uploadTensor(tokenValues, [batch * length, width]);
  const positions = uploadTensor(positionValues, [context, width]);
  const embeddings = uploadTensor(typeValues, [2, width]);
  const ids = uploadTensor(Int32Array.from(typeIds), [batch * length]);
  const y = embeddingSum(tokens, positions, {
    length,
    past,
    types: hasTypes ? { embeddings, ids } : undefined,
  });
  const expected = Array.from(tokenValues, (value, index) => {
    const [token, column] = [Math.floor(index / width), index % width];
    const type = hasTypes ? typeValues[typeIds[token] * width + column] : 0;
    return value + positionValues[(past + (token % length)) * width + column] + type;
  });
  expectAllClose(await readFloats(y), expected, { absolute: 1e-6 });
  tf.dispose([tokens, positions, embeddings, ids, y]);
});
