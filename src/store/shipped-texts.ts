import type { Evaluation } from '../evaluation/evaluation';
import type { DataSet } from '../lab/protocol/protocol';
import type { ShippedDataSet } from './lab-state';

/** Shipped evaluation texts of the kind that an evaluation takes. */
export function textsFor({ data }: Evaluation, dataSets: readonly ShippedDataSet[]): ShippedDataSet[] {
  return dataSets.filter(({ use, kind }) => use === 'evaluation' && data.includes(kind));
}

/** Fetches the text of a shipped data set. @throws Error if it cannot be fetched */
export async function fetchDataSet({ file, kind }: ShippedDataSet): Promise<DataSet> {
  const response = await fetch(`datasets/${file}`);
  if (!response.ok)
    throw new Error(`The text ${file} could not be fetched (${response.status}); reload the page.`);
  return { name: file, kind, content: await response.text() };
}
