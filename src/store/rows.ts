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

/** A row of a variant that was just made here, with nothing measured yet. */
export function freshRow(info: VariantInfo, key: string): VariantRow {
  return {
    key,
    name: info.name,
    recipe: info.recipe,
    metrics: {},
    metricsFrom: 'here',
    ...madeHere(info),
  };
}

/** A recorded row whose variant now is on the GPU: its recorded figures stay, marked as such, until measured here. */
export function broughtHere(row: VariantRow, info: VariantInfo): VariantRow {
  return { ...row, ...madeHere(info) };
}

/** What making a variant here says of it. */
function madeHere({ id, task, size, seconds, training, decodeSeconds, layers, exports }: VariantInfo) {
  return { id, task, size, seconds, training, decodeSeconds, layers, exports };
}

export function withMetrics(row: VariantRow, metrics: Metrics): VariantRow {
  const kept = row.metricsFrom === 'here' ? row.metrics : {};
  return { ...row, metrics: { ...kept, ...flattenMetrics(metrics) }, metricsFrom: 'here' };
}

export function withLatency(row: VariantRow, latency: LatencyReport): VariantRow {
  return { ...row, latency, latencyFrom: 'here' };
}

/** The row as the report document holds it. */
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
