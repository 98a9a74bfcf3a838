import type { CompressionMethod } from './method';
import { activationAwareLowRank } from './factorization/activation-aware-low-rank';
import { activationTopK } from './structure/activation-top-k';
import { awq } from './quantization/awq';
import { blockPruning } from './pruning/block-pruning';
import { blockwiseInt8 } from './quantization/blockwise-int8';
import { classificationHead } from './recovery/classification-head';
import { coDistillation } from './recovery/co-distillation';
import { compressionAwareMinimizer } from './recovery/compression-aware-minimizer';
import { entropyCoding } from './storage/entropy-coding';
import { factorizedRecovery } from './recovery/factorized-recovery';
import { fineTuning } from './recovery/fine-tuning';
import { gptq } from './quantization/gptq';
import { gradualPruning } from './recovery/gradual-pruning';
import { headPruning } from './structure/head-pruning';
import { knGpt2 } from './factorization/kn-gpt2';
import { knowledgeDistillation } from './recovery/knowledge-distillation';
import { compactifai } from './factorization/compactifai';
import { kronecker } from './factorization/kronecker';
import { layerDistillation } from './recovery/layer-distillation';
import { layerTruncation } from './structure/layer-truncation';
import { lowRank } from './factorization/low-rank';
import { magnitudePruning } from './pruning/magnitude-pruning';
import { metaDistillation } from './recovery/meta-distillation';
import { mixtureOfExperts } from './recovery/mixture-of-experts';
import { neuronPruning } from './structure/neuron-pruning';
import { optimalBertSurgeon } from './pruning/optimal-bert-surgeon';
import { productQuantization } from './quantization/product-quantization';
import { quantizationAwareTraining } from './recovery/quantization-aware-training';
import { roundToNearest } from './quantization/round-to-nearest';
import { skipSublayers } from './structure/skip-sublayers';
import { smoothquant } from './quantization/smoothquant';
import { sparseGpt } from './pruning/sparsegpt';
import { tensorGpt } from './factorization/tensor-gpt';
import { tensorTrain } from './factorization/tensor-train';
import { tqCompressor } from './factorization/tq-compressor';
import { wanda } from './pruning/wanda';

/** Groups of related methods, in the order of the page. */
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
