import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { openNodeGpu } from '../../node-gpu';
import { readFloats, uploadTensor } from '../../transfer';
import { seededNormal } from '../../../../testing/allclose';
import { joinHeads, splitHeads } from './heads';

beforeAll(() => openNodeGpu());

test.each([
  { batch: 2, length: 3, heads: 4, headWidth: 5, roles: 3 },
  { batch: 3, length: 5, heads: 2, headWidth: 8, roles: 3 },
  { batch: 1, length: 4, heads: 3, headWidth: 4, roles: 1 },
])('taken apart and put together: $batch × $length, $roles × $heads × $headWidth', async (sizes) => {
  const { batch, length, heads, headWidth, roles } = sizes;
  const width = roles * heads * headWidth;
  const values = seededNormal(batch * length * width, 1);
  const x = uploadTensor(values, [batch * length, width]);
  const parts = splitHeads(x, { length, headWidth, roles });
  expect(parts.map(({ shape }) => shape)).toEqual(
    Array<number[]>(roles).fill([batch * heads, length, headWidth]),
  );
  for (const [role, part] of parts.entries()) {
    const found = await readFloats(part);
    found.forEach((value, index) => {
      const column = index % headWidth;
      const position = Math.floor(index / headWidth) % length;
      const head = Math.floor(index / headWidth / length) % heads;
      const sequence = Math.floor(index / headWidth / length / heads);
      const at = (sequence * length + position) * width + (role * heads + head) * headWidth + column;
      expect(value).toBe(values[at]);
    });
  }
  const joined = joinHeads(parts, { length, headWidth, roles }, heads);
  expect(joined.shape).toEqual(x.shape);
  expect(await readFloats(joined)).toEqual(values);
  tf.dispose([x, ...parts, joined]);
});
