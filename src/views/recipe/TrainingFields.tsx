import { useEffect } from 'react';
import type { Recipe } from '../../lab/protocol';
import { changeTraining, defaultTraining, trainOnFile } from '../../store/training-actions';
import { useLab, useLabContext } from '../lab-context';
import { NumberField } from '../NumberField';
import { TextChoice } from './TextChoice';

const DEFAULT_PERCENT = 2;

/** The text that the recipe trains on, and how much of it is held out to see how well that goes. */
export function TrainingFields({ draft }: { draft: Recipe }) {
  const context = useLabContext();
  const dataSets = useLab((state) => state.dataSets);
  const settings = draft.training;
  useEffect(() => {
    if (!settings && defaultTraining(context.store.getState())) changeTraining(context, {});
  }, [settings, context, dataSets]);
  const choice = (
    <TextChoice
      label="Training text"
      text={settings?.text}
      onChoose={(text) => changeTraining(context, { text })}
      onFile={(file) => void trainOnFile(context, file)}
    />
  );
  if (!settings) return choice;
  const { heldOutShare } = settings;
  return (
    <fieldset className="subform">
      <legend className="hint">Training: what the variant learns from, never what is measured on</legend>
      {choice}
      <div className="row">
        <NumberField
          label="Held out, %"
          value={heldOutShare === undefined ? DEFAULT_PERCENT : Math.round(100 * heldOutShare)}
          min={0}
          max={50}
          onChange={(percent) => changeTraining(context, { heldOutShare: percent / 100 })}
        />
        <NumberField
          label="Seed of what is held out"
          value={settings.seed ?? 0}
          min={0}
          max={2 ** 31}
          onChange={(seed) => changeTraining(context, { seed })}
        />
      </div>
    </fieldset>
  );
}
