import type { OperationOptions } from '../progress/progress';
import type { DataSet, Evaluation, Measurement, ModelsUnderTest } from './evaluation';
import { EvaluationError } from './evaluation-error';
import { evaluationOf, EVALUATIONS } from './evaluations';

export interface EvaluationRequest {
  /** Id of the evaluation. */
  readonly evaluation: string;
  readonly data: DataSet;
  /** Parameters accepted by the evaluation's schema; absent: its defaults. */
  readonly parameters?: Readonly<Record<string, unknown>>;
}

/** Measurement with the id of its evaluation. */
export interface Metrics extends Measurement {
  readonly evaluation: string;
}

/**
 * Evaluates a base and its variants.
 * @returns the base's metrics first, then the variants' in order
 * @throws EvaluationError if the request does not fit the models; the signal's reason when cancelled
 */
export async function evaluate(
  models: ModelsUnderTest,
  { evaluation: id, data, parameters = {} }: EvaluationRequest,
  options: OperationOptions,
  evaluations = EVALUATIONS,
): Promise<Metrics[]> {
  const evaluation = evaluationOf(id, evaluations);
  const { title, tasks } = evaluation;
  const { task } = models.config;
  if (!tasks.includes(task))
    throw new EvaluationError(`${title} is for ${tasks.join(' and ')} models; this is a ${task} model.`);
  const measurements = await evaluation.measure(models, data, checked(evaluation, parameters), options);
  return measurements.map((measurement) => ({ evaluation: id, ...measurement }));
}

function checked({ id, parameters: schema }: Evaluation, parameters: object): Record<string, unknown> {
  const result = schema.safeParse(parameters);
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues;
  const subject =
    path.length > 0 ? `The parameter "${String(path[0])}" of ${id} ` : `The parameters of ${id}: `;
  throw new EvaluationError(`${subject}${message}.`);
}
