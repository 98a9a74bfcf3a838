import type { DataSet } from '../protocol/protocol';

/**
 * Passage length in characters, with white space collapsed; two of the shipped books share strings of up to about 60 by
 * chance.
 */
export const PASSAGE_CHARACTERS = 100;
/** Minimum length of labelled sentences; shorter ones ("good fun .") recur by chance. */
const MIN_SENTENCE_CHARACTERS = 20;

const BASE = 0x01000193;

/**
 * Finds a passage shared by both texts, or undefined: searches for every aligned window of one text in the other with a
 * rolling hash (Karp and Rabin 1987). For two labelled sets, finds a shared sentence.
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
    .filter((sentence) => sentence.length >= MIN_SENTENCE_CHARACTERS);
}

function plainText(data: DataSet): string {
  return data.kind === 'labelled' ? sentences(data).join(' ') : collapse(data.content);
}

function collapse(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
