import type { Report } from '../lab/protocol/protocol';
import { version } from '../../package.json';
import type { LabState, VariantRow } from './lab-state';
import { rowToReport } from './rows';

/**
 * The report document of what is on the page; undefined before a model is there. A report is of one device: as soon as
 * anything was measured here, figures that were recorded elsewhere stay out of it.
 */
export function reportOf({ model, device, rows, recording }: LabState): Report | undefined {
  const isRecorded = recording !== undefined && !rows.some(hasOwnFigures);
  const info = isRecorded ? recording.device : device.status === 'ready' ? device.info : undefined;
  if (!model || !info || rows.length === 0) return undefined;
  const [base, ...variants] = rows.map((row) => rowToReport(isRecorded ? row : withoutRecorded(row)));
  const recordedAt = isRecorded ? recording.recordedAt : new Date().toISOString();
  return { lathe: version, recordedAt, device: info, model, base, variants };
}

function hasOwnFigures({ metrics, metricsFrom, latencyFrom }: VariantRow): boolean {
  return latencyFrom === 'here' || (metricsFrom === 'here' && Object.keys(metrics).length > 0);
}

function withoutRecorded(row: VariantRow): VariantRow {
  return {
    ...row,
    metrics: row.metricsFrom === 'here' ? row.metrics : {},
    latency: row.latencyFrom === 'here' ? row.latency : undefined,
    // Made on the device of the recording, not on this one.
    ...(row.id === undefined ? { seconds: undefined, training: undefined } : {}),
  };
}
