import type { OperationOptions } from '../lab/protocol/protocol';
import type { VariantRow } from './lab-state';
import { type LabContext, runOperation } from './lab-store';

/** Measures missing gzip sizes in the background; each row shows its own when it arrives. */
export function measureGzipSizes(context: LabContext): void {
  for (const row of context.store.getState().rows) {
    if (row.id === undefined || row.size.gzipBytes !== undefined || row.gzip === 'measuring') continue;
    change(context, row, { gzip: 'measuring' });
    void measureGzipSize(context, row);
  }
}

/** Waits for pending gzip sizes. @returns false if the user cancelled or another operation is running */
export async function waitForGzipSizes(context: LabContext): Promise<boolean> {
  const pending = context.store.getState().rows.filter(({ gzip }) => gzip === 'measuring');
  if (pending.length === 0) return true;
  return runOperation(context, 'Measuring the gzip sizes', async (options) => {
    for (const row of pending) await measureGzipSize(context, row, options);
    options.signal.throwIfAborted();
  });
}

/** A failure is shown in the row; the variant is usable without this figure. */
async function measureGzipSize(
  context: LabContext,
  row: VariantRow,
  options?: OperationOptions,
): Promise<void> {
  const { generation } = context.store.getState();
  try {
    const gzipBytes = await context.lab.gzipBytes(row.id!, options);
    if (context.store.getState().generation !== generation) return;
    change(context, row, { size: { ...row.size, gzipBytes }, gzip: undefined });
  } catch {
    if (options?.signal?.aborted || context.store.getState().generation !== generation) return;
    change(context, row, { gzip: 'failed' });
  }
}

function change(
  { store }: LabContext,
  { key, id }: VariantRow,
  update: Partial<Pick<VariantRow, 'size' | 'gzip'>>,
): void {
  store.setState(({ rows }) => ({
    rows: rows.map((row) => (row.key === key && row.id === id ? { ...row, ...update } : row)),
  }));
}
