import { z } from 'zod';
import { parameter, seedParameter } from '../parameters/parameter';

/** Tokens of a sequence where the recipe leaves it open and the model's context allows it. */
export const USUAL_LENGTH = 256;
/** Of models that begin far from the base, with some thousand tokens an update. */
const USUAL_PEAK = 1.2e-3;

const share = z.number().min(0).max(1);
const count = z.number().int().positive();
const schedule = z.enum(['cosine', 'linear', 'constant', 'warmup-stable-decay', 'cosine-restarts']);

/** How a run of training goes: parameters of every method that trains. @param defaults where a method wants others */
export function trainingParameters({
  peakLearningRate = USUAL_PEAK,
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
      help: 'Ends the run there, its learning rates still those of all steps. A run that is ended early notes it here.',
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
      help: `Tokens of a sequence, at most the model's context. Left open: ${USUAL_LENGTH}, or the context where that is shorter.`,
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
      help: 'Reached after the warm-up; from there the rate goes as the schedule says.',
    }),
    warmupSteps: parameter(z.number().int().nonnegative().default(30), {
      label: 'Warm-up',
      max: 1_000_000,
      unit: 'steps',
      help: 'Steps in which the learning rate rises in a line.',
    }),
    learningRateSchedule: parameter(schedule.default('cosine'), {
      label: 'Schedule',
      labels: { 'cosine-restarts': 'cosine with restarts' },
      advanced: true,
      help: 'How the learning rate goes after the warm-up: as a cosine or a line down to the final rate, constant, constant until a line falls in the decay phase, or as several cosines, each from the peak.',
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
      help: 'Of matrices, factors and position embeddings, decoupled from the gradient (Loshchilov and Hutter 2019); biases, norms and scales have none.',
    }),
    clipping: parameter(z.number().positive().default(1), {
      label: 'Clipping',
      min: 0.001,
      max: 1_000_000,
      step: 0.1,
      advanced: true,
      help: 'Greatest norm of all gradients together; greater ones are scaled down to it.',
    }),
    seed: seedParameter(
      'Of the draw of sequences and of whatever else is drawn: the same seed gives the same run.',
      { advanced: true },
    ),
    evaluateEvery: everyParameter(
      'Held-out loss every',
      'The variant is what had the least loss on text that training does not see.',
    ),
    keepStateEvery: everyParameter('State kept every', 'Where a run that breaks off goes on.'),
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

/** Settings of a run, its sequence length no longer open. */
export type TrainingSettings = Readonly<TrainingParameters> & { readonly sequenceLength: number };
