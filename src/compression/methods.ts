import type { CompressionMethod } from './method';
import { kronecker } from './methods/kronecker';
import { lowRank } from './methods/low-rank';
import { magnitudePruning } from './methods/magnitude-pruning';
import { roundToNearest } from './methods/round-to-nearest';
import { tensorTrain } from './methods/tensor-train';

/** Every compression method, in the order in which the page offers them. */
export const METHODS = [
  magnitudePruning,
  roundToNearest,
  kronecker,
  tensorTrain,
  lowRank,
] as readonly CompressionMethod[];
