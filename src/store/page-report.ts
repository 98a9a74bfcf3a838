import type { Report } from '../lab/protocol';
import { version } from '../../package.json';
import type { LabState } from './lab-state';
import { rowToReport } from './rows';

/** The report document of what is on the page; undefined before a model and a device are there. */
export function reportOf({ model, device, rows, recording }: LabState): Report | undefined {
  const info = recording?.device ?? (device.status === 'ready' ? device.info : undefined);
  if (!model || !info || rows.length === 0) return undefined;
  const [base, ...variants] = rows.map(rowToReport);
  return {
    lathe: version,
    recordedAt: recording?.recordedAt ?? new Date().toISOString(),
    device: info,
    model,
    base,
    variants,
  };
}
