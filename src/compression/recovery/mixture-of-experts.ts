import { z } from 'zod';
import type { TrainingBatch } from '../../model/gradients/sequence-losses';
import type { Model } from '../../model/model';
import { restructure } from '../../model/restructure';
import { seeded } from '../../model/generation/sampling';
import {
  type BlockStructure,
  type Mixture,
  MOST_EXPERTS,
  presentNeurons,
  routingOf,
} from '../../model/structure';
import type { TrainingData } from '../../train/training-context';
import { trainingParameters, type TrainingSettings } from '../../train/training-settings';
import { likeliestLabels } from '../calibration/calibration-targets';
import { distillationParameters, objectiveOf } from './distillation-parameters';
import { balancedExperts, dealtNeurons, type ExpertSizes } from './expert-split';
import { singleSequences } from '../pruning/fisher-source';
import { type ModelMethod, RecipeError } from '../method';
import { type FeedForwardModules, neuronImportance } from './neuron-importance';
import { requireDense, trainVariant } from './train-variant';
import { parameter } from '../../parameters/parameter';
import { trainingSettings } from './run-settings';

const ID = 'mixture-of-experts';

/** Layer-wise distillation as in the paper; its weight of 1 would dominate the loss on the demo model at first. */
const DISTILLATION = { hiddenWeight: 0.1 };

/** Number of batches whose tokens are counted: with more, the frequencies of common tokens hardly change. */
const COUNTED_BATCHES = 64;

const schema = z.strictObject({
  experts: parameter(
    z
      .number()
      .int()
      .min(1)
      .max(MOST_EXPERTS, { error: `experts are at most ${MOST_EXPERTS}` })
      .default(4),
    {
      label: 'Experts',
      help: 'Number of experts of each feed-forward layer that contains a target. The id of a token selects its expert.',
    },
  ),
  expertSize: parameter(z.number().positive().max(1).default(0.25), {
    label: 'Size of one',
    min: 0.01,
    step: 0.05,
    help: "Share of the layer's neurons in one expert, which is what a token computes. All experts together are stored.",
  }),
  sharedNeurons: parameter(z.number().min(0).max(1).default(0.67), {
    label: 'Shared',
    step: 0.01,
    help: 'Share of an expert that is initialized with the most important neurons, the same in all experts; the paper has 512 of 768.',
  }),
  importanceSequences: parameter(z.number().int().positive().max(65_536).default(64), {
    label: 'Importance by',
    unit: 'sequences',
    help: 'Number of training sequences whose losses give the importance of neurons.',
  }),
  ...distillationParameters(DISTILLATION),
  ...trainingParameters(),
});

type Parameters = z.infer<typeof schema>;

/** Feed-forward layers become experts, of which a token uses one, and are trained to replace the whole layers. */
export const mixtureOfExperts: ModelMethod<Parameters> = {
  id: ID,
  title: 'Mixture of experts',
  paper:
    'Zuo et al. 2022, "MoEBERT: from BERT to Mixture-of-Experts via Importance-Guided Adaptation"; routing of Roller et al. 2021, "Hash Layers", balanced assignment',
  summary:
    'Splits feed-forward layers into experts that share the most important neurons, and trains them on the base: each token computes and reads a single expert, at about the same size on disk.',
  appliesTo: 'model',
  trains: true,
  schema,

  async compressModel(model, targets, parameters, context) {
    const settings = trainingSettings(ID, parameters, model.config);
    const { teacher, data } = context.training!;
    const blocks = feedForwardLayers(model, targets);
    const sizes = new Map(
      [...blocks.keys()].map((block) => [block, expertSizes(neuronsOf(model, block).length, parameters)]),
    );
    const sequences = await importanceSequences(model, data, settings, parameters.importanceSequences);
    const importance = await neuronImportance(model, sequences, blocks, context.signal);
    const counts = tokenCounts(model, data, settings);
    const random = seeded(settings.seed);
    const mixtures = new Map<number, Mixture>();
    for (const [block, ofNeurons] of importance) {
      const { experts } = parameters;
      const present = neuronsOf(model, block);
      mixtures.set(block, {
        experts,
        neurons: dealtNeurons(ofNeurons, sizes.get(block)!).map((position) => present[position]),
        routing: routingOf(balancedExperts(counts, experts, random)),
      });
    }
    const student = await withMixtures(model, mixtures);
    try {
      const objective = objectiveOf(teacher, parameters);
      return await trainVariant(student, { targets, settings, objective }, context);
    } finally {
      student.dispose();
    }
  },
};

/** @throws RecipeError where the layer has fewer neurons */
function expertSizes(neurons: number, { experts, expertSize, sharedNeurons }: Parameters): ExpertSizes {
  const size = Math.max(1, Math.round(expertSize * neurons));
  const sizes = { experts, size, shared: Math.round(sharedNeurons * size) };
  // Before anything is measured.
  dealtNeurons(new Float64Array(neurons), sizes);
  return sizes;
}

/**
 * The matrices of each feed-forward layer that contains a target, by the block's number in the checkpoint.
 * @throws RecipeError where there is none, one has experts already, or an earlier step compressed one
 */
function feedForwardLayers(model: Model, targets: readonly string[]): Map<number, FeedForwardModules> {
  const wanted = new Set(targets);
  const layers = new Map<number, FeedForwardModules>();
  for (const { index, hasFeedForward, mixture } of model.config.structure.blocks) {
    if (!hasFeedForward) continue;
    const ofBlock = model.layout.matrices.filter(({ block }) => block === index);
    const up = ofBlock.find(({ outputs }) => outputs?.of === 'neurons')!.module;
    const down = ofBlock.find(({ inputs }) => inputs?.of === 'neurons')!.module;
    if (!wanted.has(up) && !wanted.has(down)) continue;
    if (mixture) {
      throw new RecipeError(
        `The feed-forward layer of block ${index} has experts already; train it further with knowledge-distillation.`,
      );
    }
    for (const module of [up, down]) requireDense(ID, module, model.linears.get(module)!);
    layers.set(index, { up, down });
  }
  if (layers.size > 0) return layers;
  throw new RecipeError(`${ID} splits feed-forward layers, and no target is part of one; target Linear.`);
}

function neuronsOf({ config }: Model, block: number): readonly number[] {
  const structure = config.structure.blocks.find(({ index }) => index === block)!;
  return presentNeurons(structure) ?? Array.from({ length: config.feedForwardWidth }, (_, neuron) => neuron);
}

/**
 * The sequences of the first batches of the run, each as its own batch; for a classifier without labels, with the
 * model's own predictions as labels.
 */
async function importanceSequences(
  model: Model,
  data: TrainingData,
  { sequenceLength, seed }: TrainingSettings,
  count: number,
): Promise<TrainingBatch[]> {
  const batch = data.batch(0, count, sequenceLength, seed);
  const isUnlabelled =
    model.config.task === 'sequence-classification' && batch.targets.every((target) => target < 0);
  const targets = isUnlabelled ? await likeliestLabels(model, batch) : batch.targets;
  return singleSequences([{ ...batch, targets }], count);
}

/** Occurrences of each token of the vocabulary in the first training batches, without padding. */
function tokenCounts(
  { config }: Model,
  data: TrainingData,
  { batchSize, sequenceLength, seed }: TrainingSettings,
): Float64Array {
  const counts = new Float64Array(config.vocabularySize);
  for (let step = 0; step < COUNTED_BATCHES; step++) {
    const { ids, batch, length, lengths } = data.batch(step, batchSize, sequenceLength, seed);
    for (let sequence = 0; sequence < batch; sequence++) {
      const start = sequence * length;
      for (const id of ids.subarray(start, start + (lengths?.[sequence] ?? length))) counts[id]++;
    }
  }
  return counts;
}

function withMixtures(model: Model, mixtures: ReadonlyMap<number, Mixture>): Promise<Model> {
  const { structure } = model.config;
  const blocks = structure.blocks.map((block): BlockStructure => {
    const mixture = mixtures.get(block.index);
    return mixture ? { ...block, keptNeurons: undefined, mixture } : block;
  });
  return restructure(model, { ...structure, blocks });
}
