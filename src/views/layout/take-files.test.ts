import { expect, test } from 'vitest';
import type { DataSet, Lab } from '../../lab/protocol/protocol';
import { createLabStore, type LabContext } from '../../store/lab-store';
import { takeFiles } from './take-files';

const named = (path: string, content = 'x') => ({ path, blob: new Blob([content]) });

/** A lab that takes texts and refuses checkpoints. */
function setUp() {
  const provided: DataSet[] = [];
  const lab: Partial<Lab> = {
    provideText: async (data) => void provided.push(data),
    openCheckpoint: async () => {
      throw new Error('lacks config.json');
    },
  };
  const context: LabContext = { store: createLabStore(), lab: lab as Lab };
  const texts = () => context.store.getState().notices.map(({ kind, text }) => `${kind}: ${text}`);
  return { context, provided, texts };
}

test('texts that are dropped can be chosen in recipes, and that is said', async () => {
  const { context, provided, texts } = setUp();
  await takeFiles(context, [named('wikitext/wiki.train.txt', 'Once'), named('films.tsv', 'good\t1')]);
  expect(provided).toEqual([
    { name: 'wiki.train.txt', kind: 'text', content: 'Once' },
    { name: 'films.tsv', kind: 'labelled', content: 'good\t1' },
  ]);
  expect(context.store.getState().ownTexts).toEqual(['wiki.train.txt', 'films.tsv']);
  expect(texts()).toEqual([
    expect.stringMatching(/^done: wiki.train.txt can be chosen in a recipe/),
    expect.stringMatching(/^done: films.tsv/),
  ]);
});

test.each([[['vocab.txt']], [['merges.txt']], [['README.md', 'config.json']]])(
  '%j is a checkpoint, or part of one',
  async (paths) => {
    const { context, provided, texts } = setUp();
    await takeFiles(
      context,
      paths.map((path) => named(path)),
    );
    expect(provided).toEqual([]);
    expect(texts()).toEqual([expect.stringContaining('lacks config.json')]);
  },
);
