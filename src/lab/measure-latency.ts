import { latency } from '../evaluation/latency/latency';
import type { OperationOptions } from '../progress/progress';
import type { LatencyReport, LatencyRequest } from './report/report-document';
import type { Session } from './session';
import { weightBytes } from './sizes';

/**
 * Measures prefill and decode of variants, by id, in turn after a warm-up. @throws EvaluationError if the tokens do not fit
 */
export async function measureLatency(
  session: Session,
  variantIds: readonly string[],
  request: LatencyRequest,
  options: OperationOptions,
): Promise<Record<string, LatencyReport>> {
  const { prefillTokens, decodeTokens } = request;
  const models = variantIds.map((id) => session.variant(id).model);
  const results = await latency(models, { ...request, ...options });
  return Object.fromEntries(
    results.map((result, index) => [
      variantIds[index],
      { ...result, prefillTokens, decodeTokens, gpuBytes: weightBytes(models[index]) },
    ]),
  );
}
