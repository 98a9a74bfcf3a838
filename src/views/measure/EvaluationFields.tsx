import type { Evaluation } from '../../evaluation/evaluation';
import { describeParameters } from '../../parameters/describe-parameters';
import { textsFor } from '../../store/shipped-texts';
import { useLab } from '../lab-context';
import { StepFields } from '../recipe/StepFields';
import type { EvaluationPlan } from './evaluation-plan';

const OWN_FILE = 'own';

interface EvaluationFieldsProps {
  readonly evaluation: Evaluation;
  readonly plan: EvaluationPlan;
  /** Whether the title is shown above the fields, for several evaluations. */
  readonly isTitled: boolean;
  onChange(plan: EvaluationPlan): void;
}

/** Inputs for one evaluation's text and parameters. */
export function EvaluationFields({ evaluation, plan, isTitled, onChange }: EvaluationFieldsProps) {
  const texts = textsFor(
    evaluation,
    useLab((state) => state.dataSets),
  );
  const shipped = plan.text && 'id' in plan.text ? plan.text.id : undefined;
  return (
    <div className="evaluation" role="group" aria-label={evaluation.title}>
      {isTitled && <b>{evaluation.title}</b>}
      <label className="field" title={evaluation.summary}>
        <span>Text</span>
        <select
          value={shipped ?? OWN_FILE}
          onChange={(event) => onChange({ ...plan, text: texts.find(({ id }) => id === event.target.value) })}
        >
          {texts.map(({ id, title }) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
          <option value={OWN_FILE}>My own file …</option>
        </select>
      </label>
      {shipped === undefined && (
        <label className="field">
          <span>{evaluation.data[0] === 'labelled' ? 'Lines of sentence, tab, label' : 'A text file'}</span>
          <input
            type="file"
            accept=".txt,.tsv,.md,text/*"
            onChange={(event) => onChange({ ...plan, text: event.target.files?.[0] })}
          />
        </label>
      )}
      <StepFields
        parameters={describeParameters(evaluation.parameters)}
        values={plan.parameters}
        onChange={(name, value) => onChange({ ...plan, parameters: { ...plan.parameters, [name]: value } })}
      />
    </div>
  );
}
