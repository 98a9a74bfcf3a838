import type { DataSet } from '../protocol/protocol';

/** Characters, white space counted as one: two of the shipped books share runs of up to about 60 by chance. */
export const PASSAGE_CHARACTERS = 100;
/** Labelled sentences shorter than this ("good fun .") are anybody's. */
const LEAST_SENTENCE = 20;

const BASE = 0x01000193;

/**
 * A passage that stands in both texts, or undefined: every aligned window of one is looked for at every place of the other, by a
 * rolling hash (Karp and Rabin 1987). Of two labelled sets, a sentence that stands in both.
 */
export function sharedPassage(left: DataSet, right: DataSet): string | undefined {
  if (left.kind === 'labelled' && right.kind === 'labelled') return sharedSentence(left, right);
  const [a, b] = [plainText(left), plainText(right)];
  const [shorter, longer] = a.length <= b.length ? [a, b] : [b, a];
  return findWindow(shorter, longer);
}

function findWindow(shorter: string, longer: string): string | undefined {
  const windows = new Map<number, string>();
  for (let start = 0; start + PASSAGE_CHARACTERS <= shorter.length; start += PASSAGE_CHARACTERS) {
    const window = shorter.slice(start, start + PASSAGE_CHARACTERS);
    windows.set(hashOf(window), window);
  }
  if (windows.size === 0 || longer.length < PASSAGE_CHARACTERS) return undefined;
  let highest = 1;
  for (let index = 1; index < PASSAGE_CHARACTERS; index++) highest = Math.imul(highest, BASE);
  let hash = hashOf(longer.slice(0, PASSAGE_CHARACTERS));
  for (let start = 0; ; start++) {
    const window = windows.get(hash);
    if (window !== undefined && longer.startsWith(window, start)) return window;
    const next = start + PASSAGE_CHARACTERS;
    if (next >= longer.length) return undefined;
    const withoutFirst = hash - Math.imul(longer.charCodeAt(start), highest);
    hash = (Math.imul(withoutFirst, BASE) + longer.charCodeAt(next)) | 0;
  }
}

function hashOf(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++)
    hash = (Math.imul(hash, BASE) + text.charCodeAt(index)) | 0;
  return hash;
}

function sharedSentence(left: DataSet, right: DataSet): string | undefined {
  const known = new Set(sentences(left));
  return sentences(right).find((sentence) => known.has(sentence));
}

function sentences({ content }: DataSet): string[] {
  return content
    .split('\n')
    .map((line) => collapse(line.slice(0, Math.max(0, line.lastIndexOf('\t')))))
    .filter((sentence) => sentence.length >= LEAST_SENTENCE);
}

function plainText(data: DataSet): string {
  return data.kind === 'labelled' ? sentences(data).join(' ') : collapse(data.content);
}

function collapse(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
