import { z } from 'zod';
import { parameter, seedParameter } from '../parameters/parameter';

/** Default sequence length in tokens, if the model's context allows it. */
export const DEFAULT_LENGTH = 256;
/** Default peak for models that begin far from the base, with some thousand tokens per update. */
const DEFAULT_PEAK = 1.2e-3;

const share = z.number().min(0).max(1);
const count = z.number().int().positive();
const schedule = z.enum(['cosine', 'linear', 'constant', 'warmup-stable-decay', 'cosine-restarts']);

/** Parameters of every method that trains. @param defaults differing from the usual ones */
export function trainingParameters({
  peakLearningRate = DEFAULT_PEAK,
}: { readonly peakLearningRate?: number } = {}) {
  return {
    steps: parameter(count.max(1_000_000).default(400), {
      label: 'Steps',
      help: 'Updates of the parameters; tokens trained on are steps × batch × length.',
    }),
    stopAfter: parameter(z.number().int().nonnegative().optional(), {
      label: 'Stop after',
      max: 1_000_000,
      unit: 'steps',
      advanced: true,
      help: 'Step after which the run ends, with the learning rates of the full run. A run that is ended early records its last step here.',
    }),
    batchSize: parameter(count.max(65_536).default(16), {
      label: 'Batch',
      unit: 'sequences',
      help: 'Sequences of one update.',
    }),
    sequenceLength: parameter(z.number().int().min(2).optional(), {
      label: 'Length',
      max: 65_536,
      unit: 'tokens',
      help: `Tokens of a sequence, at most the model's context. Left open: ${DEFAULT_LENGTH}, or the context where that is shorter.`,
    }),
    accumulation: parameter(count.default(1), {
      label: 'Accumulation',
      max: 65_536,
      unit: 'parts',
      advanced: true,
      help: 'Parts that a batch runs in, one after the other: less memory, the same update.',
    }),
    peakLearningRate: parameter(z.number().positive().max(1).default(peakLearningRate), {
      label: 'Peak learning rate',
      min: 0.000001,
      step: 0.0001,
      help: 'Learning rate at the end of the warm-up; from there it follows the schedule.',
    }),
    warmupSteps: parameter(z.number().int().nonnegative().default(30), {
      label: 'Warm-up',
      max: 1_000_000,
      unit: 'steps',
      help: 'Steps in which the learning rate rises linearly.',
    }),
    learningRateSchedule: parameter(schedule.default('cosine'), {
      label: 'Schedule',
      labels: { 'cosine-restarts': 'cosine with restarts' },
      advanced: true,
      help: 'Learning rate after the warm-up: a cosine or a line down to the final rate, constant, constant until a linear decay phase, or several cosines, each from the peak.',
    }),
    finalShare: parameter(share.default(0.03), {
      label: 'Final rate',
      step: 0.01,
      advanced: true,
      help: 'Share of the peak that the learning rate falls to at the last step.',
    }),
    decayShare: parameter(share.default(0.2), {
      label: 'Decay phase',
      step: 0.01,
      advanced: true,
      help: 'Share of all steps, the last ones, in which the rate of warmup-stable-decay falls.',
    }),
    cosineCycles: parameter(count.max(1000).default(4), {
      label: 'Cycles',
      advanced: true,
      help: 'Cosines of equal length in a schedule with restarts, each from the peak.',
    }),
    beta1: betaParameter('β₁', 0.9, 'first'),
    beta2: betaParameter('β₂', 0.98, 'second'),
    weightDecay: parameter(share.default(0.05), {
      label: 'Weight decay',
      step: 0.01,
      advanced: true,
      help: 'Decay of matrices, factors and position embeddings, decoupled from the gradient (Loshchilov and Hutter 2019); biases, norms and scales do not decay.',
    }),
    clipping: parameter(z.number().positive().default(1), {
      label: 'Clipping',
      min: 0.001,
      max: 1_000_000,
      step: 0.1,
      advanced: true,
      help: 'Greatest global norm of the gradients; greater ones are scaled down to it.',
    }),
    seed: seedParameter(
      'Seed of everything drawn at random, such as the sequences: the same seed gives the same run.',
      { advanced: true },
    ),
    evaluateEvery: everyParameter(
      'Held-out loss every',
      'The variant with the least loss on held-out text is the result.',
    ),
    keepStateEvery: everyParameter(
      'State saved every',
      'An interrupted run resumes from its last saved state.',
    ),
  };
}

/** Decay of one of AdamW's moments (Loshchilov and Hutter 2019). */
function betaParameter(label: string, initial: number, moment: string) {
  return parameter(z.number().min(0).lt(1).default(initial), {
    label,
    max: 0.9999,
    step: 0.01,
    advanced: true,
    help: `Decay of AdamW's ${moment} moment.`,
  });
}

function everyParameter(label: string, help: string) {
  return parameter(count.default(50), { label, max: 1_000_000, unit: 'steps', advanced: true, help });
}

export type TrainingParameters = z.infer<z.ZodObject<ReturnType<typeof trainingParameters>>>;

/** Settings of a run with its sequence length resolved. */
export type TrainingSettings = Readonly<TrainingParameters> & { readonly sequenceLength: number };
