import { beforeAll, test } from 'vitest';
import { openNodeGpu } from '../../engines/webgpu/node-gpu';
import { loadModel } from '../../model/load-model';
import { expectAllClose } from '../../testing/allclose';
import fixture from '../../testing/fixtures/calibration.json';
import { openFolder } from '../../testing/folder-checkpoint';
import { streamSimilarities, type StreamSimilarities } from './block-influence';

beforeAll(() => openNodeGpu());

const CLOSE = { absolute: 1e-5, relative: 1e-5 };

async function similaritiesOf(family: 'gpt2' | 'bert'): Promise<StreamSimilarities> {
  const { ids, lengths } = fixture[family] as { ids: number[][]; lengths?: number[] };
  const model = await loadModel(await openFolder(`src/testing/fixtures/tiny-${family}`));
  const batches = ids.map((row, index) => ({
    ids: Int32Array.from(row),
    batch: 1,
    length: row.length,
    lengths: lengths && [lengths[index]],
  }));
  try {
    return await streamSimilarities(model, { text: 'a text', batches });
  } finally {
    model.dispose();
  }
}

test("cosine similarities of GPT-2's sub-layers and groups of blocks equal those of PyTorch's hooks", async () => {
  const { attention, feedForward, blocks } = await similaritiesOf('gpt2');
  const expected = fixture.gpt2.similarities;
  expectAllClose(attention, expected.attention, CLOSE);
  expectAllClose(feedForward, expected.feedForward, CLOSE);
  expectAllClose(blocks.flat(), expected.blocks.flat(), CLOSE);
});

test("cosine similarities of BERT's blocks equal those of PyTorch's hooks, without padding", async () => {
  const { blocks } = await similaritiesOf('bert');
  expectAllClose(blocks.flat(), fixture.bert.similarities.blocks.flat(), CLOSE);
});
