import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readFloats, readTensorBytes, uploadTensor } from '../../transfer';
import { findSorted } from './find-sorted';

beforeAll(() => openNodeGpu());

test.each([1, 2, 5, 64, 301])(
  'every id is found among %i ascending keys, or known not to be there',
  async (count) => {
    const keys = Uint32Array.from({ length: count }, (_, index) => 3 * index + 1);
    const wanted = Int32Array.from({ length: 3 * count + 2 }, (_, index) => index);
    const tensors = [uploadTensor(wanted, [wanted.length]), uploadTensor(keys, [count])];
    const { positions, present } = findSorted(tensors[0], tensors[1]);
    const expected = [...wanted].map((id) => keys.indexOf(id));
    expect([...new Int32Array(await readTensorBytes(positions))]).toEqual(
      expected.map((at) => Math.max(at, 0)),
    );
    expect([...(await readFloats(present))]).toEqual(expected.map((at) => (at < 0 ? 0 : 1)));
    tf.dispose([...tensors, positions, present]);
  },
);
