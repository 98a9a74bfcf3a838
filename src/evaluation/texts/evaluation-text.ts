import type { TextTokenizer } from '../../tokenizer/text-tokenizer';
import type { DataSet } from '../evaluation';
import { EvaluationError } from '../evaluation-error';

/** @throws EvaluationError if the text is empty or white space */
export function requireText({ name, content }: DataSet): void {
  if (content.trim() === '')
    throw new EvaluationError(`${name} is empty; choose a text with some words in it.`);
}

/** Lines that are not empty; for a labelled set, its sentences without the labels. */
export function sentencesOf({ kind, content }: DataSet): string[] {
  const lines = content.replace(/^\uFEFF/, '').split(/\r?\n/);
  if (kind === 'text') return lines.map((line) => line.trim()).filter((line) => line !== '');
  const rows = lines.map((line) => line.split('\t').map((column) => column.trim()));
  if (rows[0].at(-1)?.toLowerCase() === 'label') rows.shift();
  return rows.map(([sentence]) => sentence).filter((sentence) => sentence !== '');
}

/** Token ids with the special tokens, truncated to the context with the last special token kept. */
export function encodeSentence(tokenizer: TextTokenizer, text: string, contextLength: number): number[] {
  const ids = tokenizer.encode(text);
  if (ids.length <= contextLength) return ids;
  return [...ids.slice(0, contextLength - 1), ids[ids.length - 1]];
}
