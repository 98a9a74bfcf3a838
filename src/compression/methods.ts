import type { CompressionMethod } from './method';
import { activationAwareLowRank } from './methods/activation-aware-low-rank';
import { activationTopK } from './methods/activation-top-k';
import { awq } from './methods/awq';
import { blockPruning } from './methods/block-pruning';
import { blockwiseInt8 } from './methods/blockwise-int8';
import { classificationHead } from './methods/classification-head';
import { coDistillation } from './methods/co-distillation';
import { compressionAwareMinimizer } from './methods/compression-aware-minimizer';
import { entropyCoding } from './methods/entropy-coding';
import { factorizedRecovery } from './methods/factorized-recovery';
import { fineTuning } from './methods/fine-tuning';
import { gptq } from './methods/gptq';
import { gradualPruning } from './methods/gradual-pruning';
import { headPruning } from './methods/head-pruning';
import { knGpt2 } from './methods/kn-gpt2';
import { knowledgeDistillation } from './methods/knowledge-distillation';
import { compactifai } from './methods/compactifai';
import { kronecker } from './methods/kronecker';
import { layerDistillation } from './methods/layer-distillation';
import { layerTruncation } from './methods/layer-truncation';
import { lowRank } from './methods/low-rank';
import { magnitudePruning } from './methods/magnitude-pruning';
import { metaDistillation } from './methods/meta-distillation';
import { mixtureOfExperts } from './methods/mixture-of-experts';
import { neuronPruning } from './methods/neuron-pruning';
import { optimalBertSurgeon } from './methods/optimal-bert-surgeon';
import { productQuantization } from './methods/product-quantization';
import { quantizationAwareTraining } from './methods/quantization-aware-training';
import { roundToNearest } from './methods/round-to-nearest';
import { skipSublayers } from './methods/skip-sublayers';
import { smoothquant } from './methods/smoothquant';
import { sparseGpt } from './methods/sparsegpt';
import { tensorGpt } from './methods/tensor-gpt';
import { tensorTrain } from './methods/tensor-train';
import { tqCompressor } from './methods/tq-compressor';
import { wanda } from './methods/wanda';

/** Methods that do alike, in the order in which the page offers them. */
export interface MethodGroup {
  readonly title: string;
  readonly methods: readonly CompressionMethod[];
}

export const METHOD_GROUPS = [
  { title: 'Pruning', methods: [magnitudePruning, wanda, sparseGpt, optimalBertSurgeon, blockPruning] },
  {
    title: 'Quantization',
    methods: [roundToNearest, gptq, awq, smoothquant, blockwiseInt8, productQuantization],
  },
  {
    title: 'Factorization',
    methods: [
      lowRank,
      activationAwareLowRank,
      kronecker,
      tqCompressor,
      knGpt2,
      tensorTrain,
      tensorGpt,
      compactifai,
    ],
  },
  {
    title: 'Structure',
    methods: [headPruning, neuronPruning, layerTruncation, skipSublayers, activationTopK],
  },
  {
    title: 'Recovery',
    methods: [
      knowledgeDistillation,
      fineTuning,
      classificationHead,
      layerDistillation,
      factorizedRecovery,
      gradualPruning,
      quantizationAwareTraining,
      compressionAwareMinimizer,
      mixtureOfExperts,
      coDistillation,
      metaDistillation,
    ],
  },
  { title: 'Storage', methods: [entropyCoding] },
] as readonly MethodGroup[];

/** Every compression method. */
export const METHODS = METHOD_GROUPS.flatMap(({ methods }) => methods);
