import type { EvaluationOptions } from '../evaluation/evaluation';
import { evaluationOf } from '../evaluation/evaluations';
import type { EvaluationRequest, Metrics } from './protocol/protocol';
import { BASE_ID, type Session } from './session';

/**
 * Variants, without the base, that have the task of an evaluation.
 * @throws EvaluationError where there is no such evaluation, LabError where there is no such variant
 */
export function fittingVariants(session: Session, ids: readonly string[], kind: string): string[] {
  const { task } = evaluationOf(kind);
  return ids.filter((id) => id !== BASE_ID && session.variant(id).model.config.task === task);
}

/**
 * Measures the base and variants of it, by id. A base of another task is left out: then nothing diverges from it.
 * @param ids of `fittingVariants`
 * @throws EvaluationError where neither the base nor a variant has the task
 */
export async function evaluateVariants(
  session: Session,
  ids: readonly string[],
  request: EvaluationRequest,
  options: EvaluationOptions,
): Promise<Record<string, Metrics>> {
  const { tokenizer, base, baseLogits } = session;
  const evaluation = evaluationOf(request.kind);
  const variants = ids.map((id) => session.variant(id).model);
  if (base.model.config.task === evaluation.task || ids.length === 0) {
    const models = { base: base.model, variants, tokenizer };
    const metrics: Metrics[] = await evaluation.measure(models, request, { ...options, baseLogits });
    return Object.fromEntries([BASE_ID, ...ids].map((id, index) => [id, metrics[index]]));
  }
  const entries: [string, Metrics][] = [];
  for (const [index, id] of ids.entries()) {
    const alone = { base: variants[index], variants: [], tokenizer };
    const [metrics] = await evaluation.measure(alone, request, options);
    entries.push([id, metrics]);
  }
  return Object.fromEntries(entries);
}
