import { memberPruning } from './member-pruning';

/** Removes the feed-forward neurons that are least important to the loss. */
export const neuronPruning = memberPruning({
  id: 'neuron-pruning',
  title: 'Neuron pruning',
  paper:
    'McCarley et al. 2019, "Structured Pruning of a BERT-based Question Answering Model", section 3, gates with the criterion "gain"',
  summary:
    'Removes the neurons of the feed-forward layers that are least important to the loss; both matrices of each layer become smaller.',
  of: 'neurons',
  defaults: { scope: 'block', normalized: false },
});
