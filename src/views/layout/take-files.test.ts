import { expect, test } from 'vitest';
import { fileKind } from '../../checkpoint/file-kind';
import type { DataSet, Lab } from '../../lab/protocol/protocol';
import { createLabStore, type LabContext } from '../../store/lab-store';
import { takeFiles } from './take-files';

const named = (path: string, content = 'x') => ({ path, blob: new Blob([content]) });

/** Creates a lab that accepts texts and rejects checkpoints, naming what their first file is. */
function setUp() {
  const provided: DataSet[] = [];
  const lab: Partial<Lab> = {
    provideText: async (data) => void provided.push(data),
    openCheckpoint: async ([{ path, blob }]) => {
      throw new Error(`${path} is ${(await fileKind(blob)).title}`);
    },
  };
  const context: LabContext = { store: createLabStore(), lab: lab as Lab };
  const texts = () => context.store.getState().notices.map(({ kind, text }) => `${kind}: ${text}`);
  return { context, provided, texts };
}

test('dropped texts can be selected in recipes, and a notice says so', async () => {
  const { context, provided, texts } = setUp();
  await takeFiles(context, [named('wikitext/wiki.train.txt', 'Once'), named('films.tsv', 'good\t1')]);
  expect(provided).toEqual([
    { name: 'wiki.train.txt', kind: 'text', content: 'Once' },
    { name: 'films.tsv', kind: 'labelled', content: 'good\t1' },
  ]);
  expect(context.store.getState().userTexts).toEqual(['wiki.train.txt', 'films.tsv']);
  expect(texts()).toEqual([
    expect.stringMatching(/^done: wiki.train.txt can now be selected in a recipe/),
    expect.stringMatching(/^done: films.tsv/),
  ]);
});

test.each(['notes.txt', 'recipe.json'])(
  '%s with the content of a picture is rejected by the lab',
  async (path) => {
    const { context, provided, texts } = setUp();
    const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d);
    await takeFiles(context, [{ path, blob: new Blob([png]) }]);
    expect(provided).toEqual([]);
    expect(texts()).toEqual([`error: ${path} is a PNG picture`]);
  },
);

test.each([[['vocab.txt']], [['merges.txt']], [['README.md', 'config.json']]])(
  '%j is a checkpoint, or part of one',
  async (paths) => {
    const { context, provided, texts } = setUp();
    await takeFiles(
      context,
      paths.map((path) => named(path)),
    );
    expect(provided).toEqual([]);
    expect(texts()).toEqual([expect.stringContaining(`${paths[0]} is plain text`)]);
  },
);
