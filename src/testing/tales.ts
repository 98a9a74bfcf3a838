import type { DataSet } from '../lab/protocol/protocol';

/** Two short texts without a shared passage. */
export const TALE: DataSet = {
  name: 'tale.txt',
  kind: 'text',
  content:
    'Once upon a time there was a king who had a garden, and in the garden stood a tree that bore golden apples. Every night one was gone.',
};

export const OTHER_TALE: DataSet = {
  name: 'other.txt',
  kind: 'text',
  content:
    'A miller had three sons, his mill, a donkey, and a cat. The sons had to grind, the donkey to haul grain and carry away the flour, and the cat to catch the mice.',
};
