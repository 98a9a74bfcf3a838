import { useState } from 'react';
import type { EvaluationRequest, ModelInfo, RecipeStep } from '../../lab/protocol/protocol';
import { notify } from '../../store/lab-store';
import { measureSensitivity } from '../../store/sensitivity-actions';
import { fetchDataSet } from '../../store/shipped-texts';
import { useLab, useLabContext } from '../lab-context';
import { NumberField } from '../NumberField';
import { BudgetForm } from './BudgetForm';
import { SensitivityMap } from './SensitivityMap';

/** Which linears bear a compression and which do not, and what to compress for a budget. */
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
  const [amount, setAmount] = useState<number>(AMOUNTS[model.task].initial);
  const [chosen, setChosen] = useState(0);
  const step: RecipeStep | undefined = steps[Math.min(chosen, steps.length - 1)];
  const titleOf = (id: string) => methods.find((method) => method.id === id)?.title ?? id;

  const run = async () => {
    try {
      const evaluation = await evaluationFor(context, model, amount);
      await measureSensitivity(context, { ...step, targets: ['Linear'], ignore: [] }, unit, evaluation);
    } catch (error) {
      notify(context, 'error', (error as Error).message);
    }
  };

  if (!step) {
    return (
      <p className="hint">
        Add a step to the recipe; here each linear is then compressed alone by it, to see which ones bear it.
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
      <NumberField
        label={AMOUNTS[model.task].label}
        value={amount}
        min={1}
        max={10000}
        onChange={setAmount}
      />
      <button type="button" className="primary" disabled={busy} onClick={() => void run()}>
        Measure sensitivity
      </button>
    </div>
  );
}

const AMOUNTS = {
  'causal-lm': { label: 'Windows', initial: 2 },
  'masked-lm': { label: 'Tokens', initial: 64 },
  'sequence-classification': { label: 'Examples', initial: 64 },
} as const;

const WINDOW = 256;

/** The first shipped text for tests that fits the model's task. */
async function evaluationFor(
  { store }: ReturnType<typeof useLabContext>,
  { task, contextLength }: ModelInfo,
  amount: number,
): Promise<EvaluationRequest> {
  const kind = task === 'sequence-classification' ? 'labelled' : 'text';
  const shipped = store.getState().dataSets.find((set) => set.use === 'evaluation' && set.kind === kind);
  if (!shipped) throw new Error('No text to measure on ships with this page.');
  const data = await fetchDataSet(shipped);
  if (task === 'sequence-classification') return { kind: 'accuracy', data, maxExamples: amount };
  if (task === 'masked-lm')
    return {
      kind: 'pseudo-perplexity',
      data,
      window: Math.min(WINDOW, contextLength - 2),
      maxTokens: amount,
    };
  const window = Math.min(WINDOW, contextLength);
  return { kind: 'perplexity', data, window, stride: window, maxWindows: amount };
}
