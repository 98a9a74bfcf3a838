import type { Evaluation } from '../evaluation/evaluation';
import type { DataSet } from '../lab/protocol/protocol';
import type { ShippedDataSet } from './lab-state';

/** Shipped texts for tests of a kind that an evaluation takes. */
export function textsFor({ data }: Evaluation, dataSets: readonly ShippedDataSet[]): ShippedDataSet[] {
  return dataSets.filter(({ use, kind }) => use === 'evaluation' && data.includes(kind));
}

/** The text of a data set that ships with the page. @throws Error where it cannot be fetched */
export async function fetchDataSet({ file, kind }: ShippedDataSet): Promise<DataSet> {
  const response = await fetch(`datasets/${file}`);
  if (!response.ok)
    throw new Error(`The text ${file} could not be fetched (${response.status}); reload the page.`);
  return { name: file, kind, content: await response.text() };
}
