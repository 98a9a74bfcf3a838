import { evaluationOf, EVALUATIONS } from '../../evaluation/evaluations';
import { standardErrorKey } from '../../evaluation/figures';
import type {
  DeviceInfo,
  LatencyReport,
  Metrics,
  ModelInfo,
  Report,
  VariantInfo,
  VariantReport,
} from '../protocol/protocol';

/** Measurements of one variant. */
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
    metrics: Object.assign({}, ...metrics.map((result) => flattenMetrics(result))),
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

/** Flattens estimates to plain numbers with their standard errors; `<main figure>Protocol` describes the measurement. */
export function flattenMetrics(
  { evaluation, figures, count, protocol }: Metrics,
  evaluations = EVALUATIONS,
): Record<string, number | string> {
  const flat: Record<string, number | string> = {};
  for (const [name, value] of Object.entries(figures)) {
    if (typeof value === 'object') {
      flat[name] = value.value;
      flat[standardErrorKey(name)] = value.standardError;
    } else if (value !== undefined) {
      flat[name] = value;
    }
  }
  const [main] = evaluationOf(evaluation, evaluations).figures;
  return { ...flat, [`${main.id}Count`]: count, [`${main.id}Protocol`]: protocol };
}
