import { EvaluationError } from '../evaluation-error';

/** Sentence and the index of its label. */
export interface LabelledExample {
  readonly text: string;
  readonly label: number;
}

/**
 * Parses lines of `sentence<TAB>label`; a label is an index or one of the model's label names. A first line whose second
 * column is an unknown word is a header.
 * @throws EvaluationError naming the line
 */
export function parseLabelledText(
  content: string,
  labels: readonly string[],
  name: string,
  maxExamples = Infinity,
): LabelledExample[] {
  const lines = content.replace(/^\uFEFF/, '').split(/\r?\n/);
  const examples: LabelledExample[] = [];
  for (const [index, line] of lines.entries()) {
    if (examples.length >= maxExamples) break;
    if (line.trim() === '') continue;
    const tab = line.lastIndexOf('\t');
    const text = line.slice(0, tab).trim();
    const column = line.slice(tab + 1).trim();
    const label = labelIndex(column, labels);
    const isHeader = index === 0 && tab >= 0 && label < 0 && /^\p{L}/u.test(column);
    if (tab >= 0 && label >= 0 && text !== '') {
      examples.push({ text, label });
    } else if (!isHeader) {
      throw new EvaluationError(
        `Line ${index + 1} of ${name} is not "sentence<TAB>label" with a label of this model (${describe(labels)}): "${line.slice(0, 60)}".`,
      );
    }
  }
  if (examples.length === 0) {
    throw new EvaluationError(`${name} has no examples; it needs lines of "sentence<TAB>label".`);
  }
  return examples;
}

function labelIndex(text: string, labels: readonly string[]): number {
  if (/^\d+$/.test(text) && Number(text) < labels.length) return Number(text);
  return labels.findIndex((label) => label.toLowerCase() === text.toLowerCase());
}

function describe(labels: readonly string[]): string {
  return labels.map((label, index) => `${index} or ${label}`).join(', ');
}
