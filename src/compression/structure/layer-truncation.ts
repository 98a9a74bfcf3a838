import { z } from 'zod';
import { keepBlocks, LAYER_PARAMETERS, type LayerParameters } from './layer-selection';
import type { ModelMethod } from '../method';

/** Keeps some of the blocks and removes the others with all of their tensors. */
export const layerTruncation: ModelMethod<LayerParameters> = {
  id: 'layer-truncation',
  title: 'Layer truncation',
  paper: 'Li et al. 2021, "A Short Study on Compressing Decoder-Based Language Models", section 3',
  summary:
    'Keeps the first, the last, every other, or any blocks and removes the rest: smaller and faster in proportion; meant as the start of a distillation.',
  appliesTo: 'model',
  schema: z.strictObject(LAYER_PARAMETERS),

  async compressModel(model, _targets, parameters) {
    return keepBlocks(model, parameters);
  },
};
