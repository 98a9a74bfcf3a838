import type { LatencyReport, Metrics, Report, VariantInfo, VariantReport } from '../lab/protocol/protocol';
import { flattenMetrics } from '../lab/report/report';
import { BASE_KEY, type VariantRow } from './lab-state';

/** Rows of a recorded report, the base first. */
export function recordedRows(report: Report): VariantRow[] {
  return [report.base, ...report.variants].map((variant, index) => ({
    key: index === 0 ? BASE_KEY : `recorded-${index}`,
    name: variant.name,
    task: variant.task,
    recipe: variant.recipe,
    size: variant.size,
    seconds: variant.seconds,
    training: variant.training,
    decodeSeconds: variant.decodeSeconds,
    metrics: variant.metrics,
    metricsFrom: 'recorded',
    latency: variant.latency,
    latencyFrom: variant.latency ? 'recorded' : undefined,
    layers: variant.layers,
  }));
}

/** Row of a variant that was just made on this device, without measurements. */
export function newRow(info: VariantInfo, key: string): VariantRow {
  return {
    key,
    name: info.name,
    recipe: info.recipe,
    metrics: {},
    metricsFrom: 'here',
    ...variantFields(info),
  };
}

/** Recorded row whose variant is now on this device; recorded figures stay, marked as such, until measured here. */
export function rowOnDevice(row: VariantRow, info: VariantInfo): VariantRow {
  return { ...row, ...variantFields(info) };
}

/** Fields of a row that making its variant provides. */
function variantFields({ id, task, size, seconds, training, decodeSeconds, layers, exports }: VariantInfo) {
  return { id, task, size, seconds, training, decodeSeconds, layers, exports };
}

export function withMetrics(row: VariantRow, metrics: Metrics): VariantRow {
  const kept = row.metricsFrom === 'here' ? row.metrics : {};
  return { ...row, metrics: { ...kept, ...flattenMetrics(metrics) }, metricsFrom: 'here' };
}

export function withLatency(row: VariantRow, latency: LatencyReport): VariantRow {
  return { ...row, latency, latencyFrom: 'here' };
}

/** Row in the format of the report document. */
export function rowToReport({
  name,
  task,
  recipe,
  metrics,
  size,
  seconds,
  training,
  decodeSeconds,
  latency,
  layers,
}: VariantRow): VariantReport {
  return {
    name,
    ...(task === undefined ? {} : { task }),
    recipe,
    metrics,
    size,
    ...(seconds === undefined ? {} : { seconds }),
    ...(training === undefined ? {} : { training }),
    ...(decodeSeconds === undefined ? {} : { decodeSeconds }),
    ...(latency ? { latency } : {}),
    layers,
  };
}
