import { z } from 'zod';
import type { ModelMethod } from '../method';
import { parameter } from '../../parameters/parameter';

const schema = z.strictObject({
  keptActivations: parameter(
    z.number({ error: 'keptActivations is a share above 0 and up to 1' }).positive().max(1).default(0.5),
    {
      label: 'Activations kept',
      step: 0.01,
      help: 'Share of the activations of each token that pass to the next block. Targets are ignored.',
    },
  ),
});

type Parameters = z.infer<typeof schema>;

/** Top-k of the activations between blocks, as a model split over several devices would send them. */
export const activationTopK: ModelMethod<Parameters> = {
  id: 'activation-top-k',
  title: 'Activation top-k',
  paper:
    'Rudakov et al. 2024, "Activations and Gradients Compression for Model-Parallel Training", section 3, TopK at inference',
  summary:
    'Keeps the activations of greatest magnitude of each token between two blocks and sets the others to zero. The weights do not change.',
  appliesTo: 'model',
  schema,

  async compressModel(model, _targets, { keptActivations }) {
    const structure = { ...model.config.structure, keptActivations };
    return model.withStructure(structure, new Map(), new Map());
  },
};
