import type {
  DeviceInfo,
  Estimate,
  LatencyReport,
  Metrics,
  ModelInfo,
  Report,
  VariantInfo,
  VariantReport,
} from '../protocol/protocol';

/** What was measured of one variant. */
export interface MeasuredVariant {
  readonly info: VariantInfo;
  readonly metrics: readonly Metrics[];
  readonly latency?: LatencyReport;
  readonly gzipBytes?: number;
}

/** Builds the report document; the first variant is the base. See docs/report-schema.md. */
export function buildReport(
  version: string,
  device: DeviceInfo,
  model: ModelInfo,
  [base, ...variants]: readonly MeasuredVariant[],
): Report {
  return {
    lathe: version,
    recordedAt: new Date().toISOString(),
    device,
    model,
    base: reportVariant(base),
    variants: variants.map(reportVariant),
  };
}

function reportVariant({ info, metrics, latency, gzipBytes }: MeasuredVariant): VariantReport {
  return {
    name: info.name,
    task: info.task,
    recipe: info.recipe,
    metrics: Object.assign({}, ...metrics.map(flattenMetrics)),
    size: { ...info.size, gzipBytes },
    seconds: info.seconds,
    ...(info.decodeSeconds === undefined ? {} : { decodeSeconds: info.decodeSeconds }),
    ...(info.training ? { training: info.training } : {}),
    ...(latency ? { latency } : {}),
    layers: info.layers.map(({ name, form, relativeError, storedBytes, parameters }) => ({
      name,
      form,
      relativeError,
      storedBytes,
      parameters,
    })),
  };
}

/** Each estimate becomes a plain number with its standard error beside it; `<measure>Protocol` says how it was taken. */
export function flattenMetrics(metrics: Metrics): Record<string, number | string> {
  const flat: Record<string, number | string> = {};
  const { protocol, count, ...figures } = metrics;
  const [measure] = (['perplexity', 'pseudoPerplexity', 'accuracy'] as const).filter((name) => figures[name]);
  for (const [name, value] of Object.entries(figures) as [string, number | Estimate | undefined][]) {
    if (value === undefined) continue;
    if (typeof value === 'number') {
      flat[name] = value;
    } else {
      flat[name] = value.value;
      flat[`${name}StandardError`] = value.standardError;
    }
  }
  if (measure) {
    flat[`${measure}Count`] = count;
    flat[`${measure}Protocol`] = protocol;
  }
  return flat;
}
