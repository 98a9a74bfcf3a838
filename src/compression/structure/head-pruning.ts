import { memberPruning } from './member-pruning';

/** Removes the attention heads that are least important to the loss. */
export const headPruning = memberPruning({
  id: 'head-pruning',
  title: 'Head pruning',
  paper: 'Michel et al. 2019, "Are Sixteen Heads Really Better than One?", section 4, equation 2',
  summary:
    'Removes the attention heads that are least important to the loss; the query, key, value and output matrices become smaller, and so does the key/value cache.',
  of: 'heads',
  defaults: { scope: 'global', normalized: true },
});
