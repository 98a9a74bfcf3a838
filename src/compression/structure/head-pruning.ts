import { memberPruning } from './member-pruning';

/** Attention heads go that the loss leans on least. */
export const headPruning = memberPruning({
  id: 'head-pruning',
  title: 'Head pruning',
  paper: 'Michel et al. 2019, "Are Sixteen Heads Really Better than One?", section 4, equation 2',
  summary:
    'Takes out the attention heads that matter least to the loss; query, key, value and output matrices really become smaller, and with them the cache.',
  of: 'heads',
  defaults: { scope: 'global', normalized: true },
});
