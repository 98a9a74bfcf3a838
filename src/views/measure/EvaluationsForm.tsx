import { useState } from 'react';
import type { Evaluation } from '../../evaluation/evaluation';
import { EVALUATIONS } from '../../evaluation/evaluations';
import type { ModelInfo } from '../../lab/protocol/protocol';
import { notify } from '../../store/lab-store';
import { evaluate } from '../../store/variant-actions';
import { useLab, useLabContext } from '../lab-context';
import { EvaluationFields } from './EvaluationFields';
import { type EvaluationPlan, initialPlan, requestOf } from './evaluation-plan';

/** Evaluations that fit the model or a variant (which may have another task); the selected ones run in turn. */
export function EvaluationsForm({ model }: { model: ModelInfo }) {
  const context = useLabContext();
  const rows = useLab((state) => state.rows);
  const dataSets = useLab((state) => state.dataSets);
  const busy = useLab((state) => state.operation !== undefined);
  const [ticked, setTicked] = useState<readonly string[]>();
  const [plans, setPlans] = useState<Readonly<Record<string, EvaluationPlan>>>({});

  const tasks = [model.task, ...rows.flatMap((row) => row.task ?? [])];
  const fitting = EVALUATIONS.filter((evaluation) => evaluation.tasks.some((task) => tasks.includes(task)));
  const usual = fitting.filter((evaluation) => evaluation.tasks.includes(model.task)).slice(0, 1);
  const chosen = ticked ? fitting.filter(({ id }) => ticked.includes(id)) : usual;
  const planOf = (evaluation: Evaluation) => plans[evaluation.id] ?? initialPlan(evaluation, dataSets);

  const run = async () => {
    try {
      const requests = chosen.map((evaluation) => requestOf(evaluation, planOf(evaluation)));
      await evaluate(context, await Promise.all(requests));
    } catch (error) {
      notify(context, 'error', (error as Error).message);
    }
  };

  return (
    <>
      {fitting.length > 1 && (
        <EvaluationChoice evaluations={fitting} chosen={chosen.map(({ id }) => id)} onChange={setTicked} />
      )}
      {chosen.map((evaluation) => (
        <EvaluationFields
          key={evaluation.id}
          evaluation={evaluation}
          plan={planOf(evaluation)}
          isTitled={chosen.length > 1}
          onChange={(plan) => setPlans({ ...plans, [evaluation.id]: plan })}
        />
      ))}
      <button
        type="button"
        className="primary"
        disabled={busy || chosen.length === 0 || chosen.some((evaluation) => !planOf(evaluation).text)}
        onClick={() => void run()}
      >
        Measure {chosen.map(({ title }) => title.toLowerCase()).join(' and ')}
      </button>
    </>
  );
}

interface EvaluationChoiceProps {
  readonly evaluations: readonly Evaluation[];
  /** Ids of evaluations. */
  readonly chosen: readonly string[];
  onChange(chosen: readonly string[]): void;
}

function EvaluationChoice({ evaluations, chosen, onChange }: EvaluationChoiceProps) {
  return (
    <div className="row wrap" role="group" aria-label="Evaluations">
      {evaluations.map(({ id, title, summary }) => (
        <label key={id} className="mark" title={summary}>
          <input
            type="checkbox"
            checked={chosen.includes(id)}
            onChange={(event) =>
              onChange(event.target.checked ? [...chosen, id] : chosen.filter((other) => other !== id))
            }
          />
          {title}
        </label>
      ))}
    </div>
  );
}
