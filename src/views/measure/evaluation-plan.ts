import type { Evaluation } from '../../evaluation/evaluation';
import type { EvaluationRequest } from '../../lab/protocol/protocol';
import { describeParameters } from '../../parameters/describe-parameters';
import type { ShippedDataSet } from '../../store/lab-state';
import { initialParameters } from '../../store/recipe-actions';
import { fetchDataSet, textsFor } from '../../store/shipped-texts';

/** Settings of one evaluation in the form: its parameters, and a shipped text or the user's file. */
export interface EvaluationPlan {
  /** Absent until the user chooses a file. */
  readonly text?: ShippedDataSet | File;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Default plan: the first shipped text of the right kind and the evaluation's default parameters. */
export function initialPlan(evaluation: Evaluation, dataSets: readonly ShippedDataSet[]): EvaluationPlan {
  return {
    text: textsFor(evaluation, dataSets).at(0),
    parameters: initialParameters({ parameters: describeParameters(evaluation.parameters) }),
  };
}

/** @throws Error if the text cannot be read or fetched */
export async function requestOf(
  { id, data }: Evaluation,
  { text, parameters }: EvaluationPlan,
): Promise<EvaluationRequest> {
  if (!text) throw new Error('Choose a text to evaluate on.');
  const content =
    text instanceof File
      ? { name: text.name, kind: data[0], content: await text.text() }
      : await fetchDataSet(text);
  return { evaluation: id, data: content, parameters };
}
