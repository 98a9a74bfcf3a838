import { useState } from 'react';
import { MEAN_KL } from '../../evaluation/divergence';
import type { Evaluation } from '../../evaluation/evaluation';
import { EVALUATIONS } from '../../evaluation/evaluations';
import type { ModelInfo } from '../../lab/protocol/protocol';
import { describeParameters } from '../../parameters/describe-parameters';
import { notify } from '../../store/lab-store';
import { measureSensitivity } from '../../store/sensitivity-actions';
import { textsFor } from '../../store/shipped-texts';
import { useLab, useLabContext } from '../lab-context';
import { requestOf } from '../measure/evaluation-plan';
import { FieldInput } from '../recipe/FieldInput';
import { BudgetForm } from './BudgetForm';
import { SensitivityMap } from './SensitivityMap';
import type { DraftStep } from '../../store/recipe-draft';

/** Measures which linears tolerate compression and selects the ones to compress for a budget. */
export function SensitivityPanel() {
  const model = useLab((state) => state.model);
  const profile = useLab((state) => state.sensitivity);
  if (!model) return null;
  return (
    <section className="card" aria-labelledby="sensitivity-title">
      <h2 id="sensitivity-title">Sensitivity</h2>
      <MeasureForm key={model.name} model={model} />
      {profile && (
        <>
          <SensitivityMap profile={profile} />
          <BudgetForm profile={profile} />
        </>
      )}
    </section>
  );
}

function MeasureForm({ model }: { model: ModelInfo }) {
  const context = useLabContext();
  const steps = useLab((state) => state.draft.steps);
  const busy = useLab((state) => state.operation !== undefined);
  const methods = useLab((state) => state.methods);
  const [unit, setUnit] = useState<'linear' | 'block'>('linear');
  const dataSets = useLab((state) => state.dataSets);
  const evaluations = divergenceEvaluations(model.task);
  const [evaluationId, setEvaluationId] = useState(evaluations.at(0)?.id);
  const evaluation = evaluations.find(({ id }) => id === evaluationId);
  const [amounts, setAmounts] = useState<Readonly<Record<string, unknown>>>({});
  const [chosen, setChosen] = useState(0);
  const step: DraftStep | undefined = steps[Math.min(chosen, steps.length - 1)];
  const titleOf = (id: string) => methods.find((method) => method.id === id)?.title ?? id;

  const run = async (evaluation: Evaluation) => {
    try {
      const parameters = { ...evaluation.quick, ...amounts };
      const request = await requestOf(evaluation, { text: textsFor(evaluation, dataSets).at(0), parameters });
      await measureSensitivity(context, { ...step, targets: ['Linear'], ignore: [] }, unit, request);
    } catch (error) {
      notify(context, 'error', (error as Error).message);
    }
  };

  if (!step) {
    return (
      <p className="hint">
        Add a step to the recipe to measure how well each linear tolerates it when compressed alone.
      </p>
    );
  }
  return (
    <div className="row wrap">
      <label className="field">
        <span>Step of the recipe</span>
        <select value={steps.indexOf(step)} onChange={(event) => setChosen(Number(event.target.value))}>
          {steps.map(({ method }, index) => (
            <option key={index} value={index}>
              {index + 1}. {titleOf(method)}
            </option>
          ))}
        </select>
      </label>
      <label className="field">
        <span>One at a time</span>
        <select value={unit} onChange={(event) => setUnit(event.target.value as 'linear' | 'block')}>
          <option value="linear">each linear</option>
          <option value="block">each block</option>
        </select>
      </label>
      {evaluations.length > 1 && (
        <label className="field">
          <span>Divergence by</span>
          <select
            value={evaluationId}
            onChange={(event) => {
              setEvaluationId(event.target.value);
              setAmounts({});
            }}
          >
            {evaluations.map(({ id, title }) => (
              <option key={id} value={id}>
                {title}
              </option>
            ))}
          </select>
        </label>
      )}
      {evaluation &&
        quickFields(evaluation).map(([name, field]) => (
          <FieldInput
            key={name}
            name={name}
            field={field}
            value={amounts[name] ?? evaluation.quick[name]}
            onChange={(value) => setAmounts({ ...amounts, [name]: value ?? evaluation.quick[name] })}
          />
        ))}
      <button
        type="button"
        className="primary"
        disabled={busy || !evaluation}
        onClick={() => evaluation && void run(evaluation)}
      >
        Measure sensitivity
      </button>
    </div>
  );
}

/** Evaluations for a task that compare predictions with the base's. */
function divergenceEvaluations(task: ModelInfo['task']): Evaluation[] {
  return EVALUATIONS.filter(({ tasks, figures }) => tasks.includes(task) && figures.includes(MEAN_KL));
}

/** Fields of the parameters that limit how much text is measured. */
function quickFields({ parameters, quick }: Evaluation) {
  const fields = Object.entries(describeParameters(parameters)).filter(([name]) => name in quick);
  return fields.map(([name, field]) => [name, { ...field, optional: false }] as const);
}
