import type { Report } from '../lab/protocol/protocol';
import { version } from '../../package.json';
import type { LabState, VariantRow } from './lab-state';
import { rowToReport } from './rows';

/**
 * Report of the comparison on the page; undefined without a model. A report describes one device: once anything was
 * measured here, figures recorded elsewhere are omitted.
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
    // Recorded on another device.
    ...(row.id === undefined ? { seconds: undefined, training: undefined } : {}),
  };
}
