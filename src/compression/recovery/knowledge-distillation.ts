import { z } from 'zod';
import { distillationParameters, objectiveOf } from './distillation-parameters';
import type { ModelMethod } from '../method';
import { trainVariant } from './train-variant';
import { trainingParameters } from '../../train/training-settings';
import { trainingSettings } from './run-settings';

const schema = z.strictObject({ ...distillationParameters(), ...trainingParameters() });

type Parameters = z.infer<typeof schema>;

/** Trains the result of earlier steps, in its own formats, to predict like the base. */
export const knowledgeDistillation: ModelMethod<Parameters> = {
  id: 'knowledge-distillation',
  title: 'Knowledge distillation',
  paper:
    'Hinton et al. 2015, "Distilling the Knowledge in a Neural Network", section 2; Sanh et al. 2019, "DistilBERT", section 2',
  summary:
    'Trains the result of earlier steps, in its own formats, on the logits of the base and the text itself: recovers quality at the same size, and costs a training run.',
  appliesTo: 'model',
  trains: true,
  schema,

  async compressModel(model, targets, parameters, context) {
    const settings = trainingSettings('knowledge-distillation', parameters, model.config);
    const objective = objectiveOf(context.training!.teacher, parameters);
    return trainVariant(model, { targets, settings, objective }, context);
  },
};
