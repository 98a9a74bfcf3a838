import { useEffect } from 'react';
import { changeTraining, defaultTraining, trainOnFile } from '../../store/training-actions';
import { useLab, useLabContext } from '../lab-context';
import { TrainingText } from './TrainingText';
import type { Draft } from '../../store/recipe-draft';

/** Inputs for the text of all training steps that have none of their own. */
export function TrainingFields({ draft: { training } }: { draft: Draft }) {
  const context = useLabContext();
  const dataSets = useLab((state) => state.dataSets);
  useEffect(() => {
    if (!training && defaultTraining(context.store.getState())) changeTraining(context, {});
  }, [training, context, dataSets]);
  return (
    <TrainingText
      label="Training text"
      legend="Training: what the variant learns from, never what is measured on"
      settings={training}
      onChange={(change) => changeTraining(context, change)}
      onFile={(file) => void trainOnFile(context, file)}
    />
  );
}
