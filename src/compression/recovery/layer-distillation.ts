import { z } from 'zod';
import { distillationParameters, objectiveOf } from './distillation-parameters';
import { keepBlocks, LAYER_PARAMETERS } from '../structure/layer-selection';
import type { ModelMethod } from '../method';
import { trainVariant } from './train-variant';
import { trainingParameters } from '../../train/training-settings';
import { trainingSettings } from './run-settings';

const schema = z.strictObject({
  ...LAYER_PARAMETERS,
  ...distillationParameters(),
  ...trainingParameters(),
});

type Parameters = z.infer<typeof schema>;

/** Keeps some of the blocks and trains them to replace all of them. */
export const layerDistillation: ModelMethod<Parameters> = {
  id: 'layer-distillation',
  title: 'Layer distillation',
  paper:
    'Li et al. 2021, "A Short Study on Compressing Decoder-Based Language Models", section 3; Sanh et al. 2019, "DistilBERT", section 3',
  summary:
    'Keeps the first, the last, every other, or any blocks and trains them on the base: smaller and faster in proportion, for the cost of a training run.',
  appliesTo: 'model',
  trains: true,
  schema,

  async compressModel(model, targets, parameters, context) {
    const settings = trainingSettings('layer-distillation', parameters, model.config);
    const student = await keepBlocks(model, parameters);
    try {
      const objective = objectiveOf(context.training!.teacher, parameters);
      return await trainVariant(student, { targets, settings, objective }, context);
    } finally {
      student.dispose();
    }
  },
};
