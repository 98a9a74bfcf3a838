import { z } from 'zod';
import { fineTuning as fineTuningObjective } from '../../train/fine-tuning-objective';
import type { ModelMethod } from '../method';
import { trainVariant } from './train-variant';
import { trainingParameters, type TrainingParameters } from '../../train/training-settings';
import { trainingSettings } from './run-settings';

/** Trains the result of earlier steps on the text or the labelled sentences alone, without a teacher. */
export const fineTuning: ModelMethod<TrainingParameters> = {
  id: 'fine-tuning',
  title: 'Fine-tuning',
  paper:
    'Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers", section 3.2; of a sparse model Zafrir et al. 2021, "Prune Once for All", section 3.3',
  summary:
    'Trains the result of earlier steps, in its own formats and with its zeros, on a text or on labelled sentences: fits it to a task without the base, and costs a training run.',
  appliesTo: 'model',
  trains: true,
  usualTargets: ['re:.*'],
  schema: z.strictObject(trainingParameters()),

  async compressModel(model, targets, parameters, context) {
    const settings = trainingSettings('fine-tuning', parameters, model.config);
    return trainVariant(model, { targets, settings, objective: fineTuningObjective }, context);
  },
};
