import { evaluate, type EvaluationRequest, type Metrics } from '../evaluation/evaluate';
import { evaluationOf } from '../evaluation/evaluations';
import { modelsUnderTest } from '../evaluation/models/models-under-test';
import type { OperationOptions } from '../progress/progress';
import { BASE_ID, type Session } from './session';

/**
 * Variants, without the base, whose task the evaluation measures.
 * @throws EvaluationError if there is no such evaluation; LabError if there is no such variant
 */
export function fittingVariants(session: Session, ids: readonly string[], evaluation: string): string[] {
  const { tasks } = evaluationOf(evaluation);
  return ids.filter((id) => id !== BASE_ID && tasks.includes(session.variant(id).model.config.task));
}

/**
 * Evaluates the base and some of its variants, by id. Variants with another task than the base's are evaluated separately,
 * without divergences. The base is omitted if the evaluation does not measure its task.
 * @param ids result of `fittingVariants`
 * @throws EvaluationError if neither the base nor a variant has a task of the evaluation
 */
export async function evaluateVariants(
  session: Session,
  ids: readonly string[],
  request: EvaluationRequest,
  options: OperationOptions,
): Promise<Record<string, Metrics>> {
  const { tokenizer, base, baseLogits } = session;
  const { task } = base.model.config;
  const modelOf = (id: string) => session.variant(id).model;
  const together = ids.filter((id) => modelOf(id).config.task === task);
  const entries: [string, Metrics][] = [];
  if (ids.length === 0 || evaluationOf(request.evaluation).tasks.includes(task)) {
    const models = modelsUnderTest(base.model, together.map(modelOf), tokenizer, baseLogits);
    const metrics = await evaluate(models, request, options);
    metrics.forEach((result, index) => entries.push([[BASE_ID, ...together][index], result]));
  }
  for (const id of ids.filter((other) => !together.includes(other))) {
    const [metrics] = await evaluate(modelsUnderTest(modelOf(id), [], tokenizer), request, options);
    entries.push([id, metrics]);
  }
  return Object.fromEntries(entries);
}
