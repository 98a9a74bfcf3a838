import { useState } from 'react';
import { changeStep } from '../../store/recipe-actions';
import { changeStepTraining, trainStepOnFile } from '../../store/training-actions';
import { useLabContext } from '../lab-context';
import { TrainingText } from './TrainingText';
import type { DraftStep } from '../../store/recipe-draft';

/** Selects whether a step trains on the recipe's text or on its own, for example labelled sentences for fine-tuning. */
export function StepTraining({ step: { training }, index }: { step: DraftStep; index: number }) {
  const context = useLabContext();
  // Without any text to choose from, the form asks the user for a file.
  const [isAsking, setAsking] = useState(false);
  const hasOwn = training !== undefined || isAsking;
  const choose = (isOwn: boolean) => {
    setAsking(isOwn);
    if (isOwn) changeStepTraining(context, index, {});
    else changeStep(context, index, { training: undefined });
  };
  return (
    <>
      <label className="field">
        <span>Trains on</span>
        <select value={hasOwn ? 'own' : 'recipe'} onChange={(event) => choose(event.target.value === 'own')}>
          <option value="recipe">the recipe’s training text</option>
          <option value="own">a text of its own</option>
        </select>
      </label>
      {hasOwn && (
        <TrainingText
          label={`Text of step ${index + 1}`}
          legend="This step’s own text; lines of sentence, tab, label teach a classifier"
          settings={training}
          onChange={(change) => changeStepTraining(context, index, change)}
          onFile={(file) => void trainStepOnFile(context, index, file)}
        />
      )}
    </>
  );
}
