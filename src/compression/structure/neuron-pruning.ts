import { memberPruning } from './member-pruning';

/** Feed-forward neurons go that the loss leans on least. */
export const neuronPruning = memberPruning({
  id: 'neuron-pruning',
  title: 'Neuron pruning',
  paper:
    'McCarley et al. 2019, "Structured Pruning of a BERT-based Question Answering Model", section 3, gates with the criterion "gain"',
  summary:
    'Takes out the neurons of the feed-forward layers that matter least to the loss; both matrices of each layer really become smaller.',
  of: 'neurons',
  defaults: { scope: 'block', normalized: false },
});
