import { useEffect, useState } from 'react';
import { EMPTY_RECIPE } from '../../store/lab-state';
import { newStep, PRESETS, setDraft } from '../../store/recipe-actions';
import { withSensitivities } from '../../store/sensitivity-actions';
import { compress } from '../../store/variant-actions';
import { saveText } from '../export/save-text';
import { useLab, useLabContext } from '../lab-context';
import { CalibrationFields } from './CalibrationFields';
import { RecipeText } from './RecipeText';
import { StepForm } from './StepForm';
import { TrainingFields } from './TrainingFields';
import type { Draft } from '../../store/recipe-draft';

/** Recipe editor with the button that applies the recipe. */
export function RecipePanel() {
  const context = useLabContext();
  const draft = useLab((state) => state.draft);
  const methods = useLab((state) => state.methods);
  const hasModel = useLab((state) => state.model !== undefined);
  const busy = useLab((state) => state.operation !== undefined);
  const check = useRecipeCheck(draft);
  const canCompress = hasModel && !busy && draft.steps.length > 0 && !check.error;
  return (
    <section className="panel" aria-labelledby="recipe-title">
      <h2 id="recipe-title">Recipe</h2>
      <label className="field">
        <span>Start from</span>
        <select
          value=""
          onChange={(event) => {
            const preset = PRESETS.find(({ name }) => name === event.target.value);
            setDraft(context, preset ?? EMPTY_RECIPE);
          }}
        >
          <option value="">Choose a preset …</option>
          {PRESETS.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
          <option value="empty">An empty recipe</option>
        </select>
      </label>
      <label className="field">
        <span>Name</span>
        <input
          value={draft.name}
          onChange={(event) => setDraft(context, { ...draft, name: event.target.value })}
        />
      </label>
      <ol className="steps">
        {draft.steps.map((step, index) => (
          <StepForm
            key={`${index}-${step.method}`}
            step={step}
            index={index}
            last={index === draft.steps.length - 1}
            matches={check.matches?.[index]?.length}
          />
        ))}
      </ol>
      <label className="field">
        <span>Add a step</span>
        <select
          value=""
          disabled={methods.length === 0}
          onChange={(event) => {
            const method = methods.find(({ id }) => id === event.target.value);
            if (method) setDraft(context, { ...draft, steps: [...draft.steps, newStep(method)] });
          }}
        >
          <option value="">Choose a method …</option>
          {[...new Set(methods.map(({ group }) => group))].map((group) => (
            <optgroup key={group} label={group}>
              {methods
                .filter((method) => method.group === group)
                .map(({ id, title }) => (
                  <option key={id} value={id}>
                    {title}
                  </option>
                ))}
            </optgroup>
          ))}
        </select>
      </label>
      {check.needsCalibration && <CalibrationFields draft={draft} />}
      {check.needsTraining && <TrainingFields draft={draft} />}
      {check.error && (
        <p className="problem" role="alert">
          {check.error}
        </p>
      )}
      <div className="row wrap">
        <button
          type="button"
          className="primary"
          disabled={!canCompress}
          onClick={() => void compress(context, draft)}
        >
          Compress
        </button>
        <button
          type="button"
          disabled={draft.steps.length === 0}
          onClick={() => saveText(`${draft.name}.recipe.json`, JSON.stringify(draft, undefined, 2))}
        >
          Save recipe
        </button>
        <RecipeText />
      </div>
    </section>
  );
}

interface RecipeCheck {
  readonly matches?: readonly (readonly string[])[];
  readonly needsCalibration?: boolean;
  readonly needsTraining?: boolean;
  readonly error?: string;
}

/** Asks the lab whether the recipe fits the open model, after a pause in typing. */
function useRecipeCheck(draft: Draft): RecipeCheck {
  const { lab } = useLabContext();
  const modelName = useLab((state) => state.model?.name);
  const profile = useLab((state) => state.sensitivity);
  const [check, setCheck] = useState<RecipeCheck>({});
  useEffect(() => {
    let current = true;
    const timer = setTimeout(async () => {
      const result = await checkDraft().catch((error: Error): RecipeCheck => ({ error: error.message }));
      if (current) setCheck(result);
    }, 150);
    async function checkDraft(): Promise<RecipeCheck> {
      if (!modelName || draft.steps.length === 0) return {};
      const { matches, needsCalibration, needsTraining } = await lab.checkRecipe(
        withSensitivities(draft, profile),
      );
      return { matches, needsCalibration, needsTraining };
    }
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [draft, lab, modelName, profile]);
  return check;
}
