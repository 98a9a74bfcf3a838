import type { CompressionMethod } from './method';
import { activationAwareLowRank } from './methods/activation-aware-low-rank';
import { blockPruning } from './methods/block-pruning';
import { kronecker } from './methods/kronecker';
import { lowRank } from './methods/low-rank';
import { magnitudePruning } from './methods/magnitude-pruning';
import { roundToNearest } from './methods/round-to-nearest';
import { tensorTrain } from './methods/tensor-train';

/** Every compression method, in the order in which the page offers them. */
export const METHODS = [
  magnitudePruning,
  blockPruning,
  roundToNearest,
  kronecker,
  tensorTrain,
  lowRank,
  activationAwareLowRank,
] as readonly CompressionMethod[];
