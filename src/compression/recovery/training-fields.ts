import { z } from 'zod';
import type { ModelConfig } from '../../model/model';
import { LEARNING_RATE_SCHEDULES, type LearningRateSchedule } from '../../train/learning-rate';
import type { TrainingSettings } from '../../train/training-settings';
import { type ParameterField, RecipeError } from '../method';
import { seedField } from '../quantization/seed-field';

/** Tokens of a sequence where the recipe leaves it open and the model's context allows it. */
const USUAL_LENGTH = 256;
/** Of models that begin far from the base, with some thousand tokens an update. */
const USUAL_PEAK = 1.2e-3;

const SCHEDULE_LABELS: Readonly<Record<LearningRateSchedule, string>> = {
  cosine: 'cosine',
  linear: 'linear',
  constant: 'constant',
  'warmup-stable-decay': 'warmup-stable-decay',
  'cosine-restarts': 'cosine with restarts',
};

const share = z.number().min(0).max(1);
const count = z.number().int().positive();

interface TrainingDefaults {
  readonly peakLearningRate?: number;
}

/** The parameters that every method that trains has: part of its strict schema. @param defaults where a method wants others */
export function trainingParameters({ peakLearningRate = USUAL_PEAK }: TrainingDefaults = {}) {
  return {
    steps: count.max(1_000_000).default(400),
    stopAfter: z.number().int().nonnegative().optional(),
    batchSize: count.max(65_536).default(16),
    sequenceLength: z.number().int().min(2).optional(),
    accumulation: count.default(1),
    peakLearningRate: z.number().positive().max(1).default(peakLearningRate),
    warmupSteps: z.number().int().nonnegative().default(30),
    learningRateSchedule: z.enum(LEARNING_RATE_SCHEDULES).default('cosine'),
    finalShare: share.default(0.03),
    decayShare: share.default(0.2),
    cosineCycles: count.max(1000).default(4),
    beta1: z.number().min(0).lt(1).default(0.9),
    beta2: z.number().min(0).lt(1).default(0.98),
    weightDecay: z.number().min(0).max(1).default(0.05),
    clipping: z.number().positive().default(1),
    seed: z.number().int().nonnegative().default(0),
    evaluateEvery: count.default(50),
    keepStateEvery: count.default(50),
  };
}

export type TrainingParameters = z.infer<z.ZodObject<ReturnType<typeof trainingParameters>>>;

/** Their controls. */
export function trainingFields({ peakLearningRate = USUAL_PEAK }: TrainingDefaults = {}): Readonly<
  Record<keyof TrainingParameters, ParameterField>
> {
  return {
    steps: {
      kind: 'number',
      label: 'Steps',
      min: 1,
      max: 1_000_000,
      step: 1,
      default: 400,
      help: 'Updates of the parameters; tokens trained on are steps × batch × length.',
    },
    stopAfter: {
      kind: 'number',
      label: 'Stop after',
      min: 0,
      max: 1_000_000,
      step: 1,
      default: 400,
      optional: true,
      startsUnset: true,
      unit: 'steps',
      rarelyChanged: true,
      help: 'Ends the run there, its learning rates still those of all steps. A run that is ended early notes it here.',
    },
    batchSize: {
      kind: 'number',
      label: 'Batch',
      min: 1,
      max: 65_536,
      step: 1,
      default: 16,
      unit: 'sequences',
      help: 'Sequences of one update.',
    },
    sequenceLength: {
      kind: 'number',
      label: 'Length',
      min: 2,
      max: 65_536,
      step: 1,
      default: USUAL_LENGTH,
      optional: true,
      startsUnset: true,
      unit: 'tokens',
      help: `Tokens of a sequence, at most the model's context. Left open: ${USUAL_LENGTH}, or the context where that is shorter.`,
    },
    accumulation: {
      kind: 'number',
      label: 'Accumulation',
      min: 1,
      max: 65_536,
      step: 1,
      default: 1,
      unit: 'parts',
      rarelyChanged: true,
      help: 'Parts that a batch runs in, one after the other: less memory, the same update.',
    },
    peakLearningRate: {
      kind: 'number',
      label: 'Peak learning rate',
      min: 0.000001,
      max: 1,
      step: 0.0001,
      default: peakLearningRate,
      help: 'Reached after the warm-up; from there the rate goes as the schedule says.',
    },
    warmupSteps: {
      kind: 'number',
      label: 'Warm-up',
      min: 0,
      max: 1_000_000,
      step: 1,
      default: 30,
      unit: 'steps',
      help: 'Steps in which the learning rate rises in a line.',
    },
    learningRateSchedule: {
      kind: 'choice',
      label: 'Schedule',
      options: LEARNING_RATE_SCHEDULES.map((value) => ({ value, label: SCHEDULE_LABELS[value] })),
      default: 'cosine',
      rarelyChanged: true,
      help: 'How the learning rate goes after the warm-up: as a cosine or a line down to the final rate, constant, constant until a line falls in the decay phase, or as several cosines, each from the peak.',
    },
    finalShare: {
      kind: 'number',
      label: 'Final rate',
      min: 0,
      max: 1,
      step: 0.01,
      default: 0.03,
      rarelyChanged: true,
      help: 'Share of the peak that the learning rate falls to at the last step.',
    },
    decayShare: {
      kind: 'number',
      label: 'Decay phase',
      min: 0,
      max: 1,
      step: 0.01,
      default: 0.2,
      rarelyChanged: true,
      help: 'Share of all steps, the last ones, in which the rate of warmup-stable-decay falls.',
    },
    cosineCycles: {
      kind: 'number',
      label: 'Cycles',
      min: 1,
      max: 1000,
      step: 1,
      default: 4,
      rarelyChanged: true,
      help: 'Cosines of equal length in a schedule with restarts, each from the peak.',
    },
    beta1: betaField('β₁', 0.9, 'first'),
    beta2: betaField('β₂', 0.98, 'second'),
    weightDecay: {
      kind: 'number',
      label: 'Weight decay',
      min: 0,
      max: 1,
      step: 0.01,
      default: 0.05,
      rarelyChanged: true,
      help: 'Of matrices, factors and position embeddings, decoupled from the gradient (Loshchilov and Hutter 2019); biases, norms and scales have none.',
    },
    clipping: {
      kind: 'number',
      label: 'Clipping',
      min: 0.001,
      max: 1_000_000,
      step: 0.1,
      default: 1,
      rarelyChanged: true,
      help: 'Greatest norm of all gradients together; greater ones are scaled down to it.',
    },
    seed: {
      ...seedField(
        'Of the draw of sequences and of whatever else is drawn: the same seed gives the same run.',
      ),
      rarelyChanged: true,
    },
    evaluateEvery: everyField(
      'Held-out loss every',
      'The variant is what had the least loss on text that training does not see.',
    ),
    keepStateEvery: everyField('State kept every', 'Where a run that breaks off goes on.'),
  };
}

function betaField(label: string, initial: number, moment: string): ParameterField {
  return {
    kind: 'number',
    label,
    min: 0,
    max: 0.9999,
    step: 0.01,
    default: initial,
    rarelyChanged: true,
    help: `Decay of AdamW's ${moment} moment.`,
  };
}

function everyField(label: string, help: string): ParameterField {
  return {
    kind: 'number',
    label,
    min: 1,
    max: 1_000_000,
    step: 1,
    default: 50,
    unit: 'steps',
    rarelyChanged: true,
    help,
  };
}

/**
 * How the run goes that the parameters describe.
 * @param method its id, for messages
 * @throws RecipeError where sequences exceed the model's context, or a batch has fewer sequences than parts
 */
export function trainingSettings(
  method: string,
  { sequenceLength, ...parameters }: TrainingParameters,
  { contextLength }: Pick<ModelConfig, 'contextLength'>,
): TrainingSettings {
  if (sequenceLength !== undefined && sequenceLength > contextLength) {
    throw new RecipeError(
      `${method} cannot train on sequences of ${sequenceLength} tokens: this model has ${contextLength} positions; use a "sequenceLength" of at most ${contextLength}.`,
    );
  }
  const { accumulation, batchSize } = parameters;
  if (accumulation > batchSize) {
    throw new RecipeError(
      `${method} cannot run a batch of ${batchSize} in ${accumulation} parts; use an "accumulation" of at most ${batchSize}.`,
    );
  }
  return {
    steps: parameters.steps,
    stopAfter: parameters.stopAfter,
    batchSize,
    sequenceLength: sequenceLength ?? Math.min(USUAL_LENGTH, contextLength),
    accumulation,
    peakLearningRate: parameters.peakLearningRate,
    warmupSteps: parameters.warmupSteps,
    learningRateSchedule: parameters.learningRateSchedule,
    finalShare: parameters.finalShare,
    decayShare: parameters.decayShare,
    cosineCycles: parameters.cosineCycles,
    beta1: parameters.beta1,
    beta2: parameters.beta2,
    weightDecay: parameters.weightDecay,
    clipping: parameters.clipping,
    seed: parameters.seed,
    evaluateEvery: parameters.evaluateEvery,
    keepStateEvery: parameters.keepStateEvery,
  };
}
