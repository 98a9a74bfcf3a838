import { evaluate, type EvaluationRequest, type Metrics } from '../evaluation/evaluate';
import { evaluationOf } from '../evaluation/evaluations';
import { modelsUnderTest } from '../evaluation/models/models-under-test';
import type { OperationOptions } from '../progress/progress';
import { BASE_ID, type Session } from './session';

/**
 * Variants, without the base, that have a task of an evaluation.
 * @throws EvaluationError where there is no such evaluation, LabError where there is no such variant
 */
export function fittingVariants(session: Session, ids: readonly string[], evaluation: string): string[] {
  const { tasks } = evaluationOf(evaluation);
  return ids.filter((id) => id !== BASE_ID && tasks.includes(session.variant(id).model.config.task));
}

/**
 * Measures the base and variants of it, by id. Those of another task than the base's are measured alone: nothing diverges
 * from them. The base is left out where it does not have a task of the evaluation.
 * @param ids of `fittingVariants`
 * @throws EvaluationError where neither the base nor a variant has a task of the evaluation
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
    metrics.forEach((each, index) => entries.push([[BASE_ID, ...together][index], each]));
  }
  for (const id of ids.filter((each) => !together.includes(each))) {
    const [metrics] = await evaluate(modelsUnderTest(modelOf(id), [], tokenizer), request, options);
    entries.push([id, metrics]);
  }
  return Object.fromEntries(entries);
}
