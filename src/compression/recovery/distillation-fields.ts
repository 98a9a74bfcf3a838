import { z } from 'zod';
import type { Model } from '../../model/model';
import { distillation } from '../../train/distillation-objective';
import { fineTuning } from '../../train/fine-tuning-objective';
import type { Objective } from '../../train/objective';
import type { ParameterField } from '../method';

interface DistillationDefaults {
  readonly hiddenWeight?: number;
}

/** The parameters of a method that trains against the base. @param defaults where a method's paper has others */
export function distillationParameters({ hiddenWeight = 0 }: DistillationDefaults = {}) {
  return {
    distillationWeight: z.number().min(0).max(1).default(0.7),
    temperature: z.number().positive().max(100).default(1),
    hiddenWeight: z.number().min(0).max(1_000_000).default(hiddenWeight),
    attentionWeight: z.number().min(0).max(1_000_000).default(0),
  };
}

export type DistillationParameters = z.infer<z.ZodObject<ReturnType<typeof distillationParameters>>>;

/** Their controls. */
export function distillationFields({ hiddenWeight = 0 }: DistillationDefaults = {}): Readonly<
  Record<keyof DistillationParameters, ParameterField>
> {
  return {
    distillationWeight: {
      kind: 'number',
      label: 'Distillation',
      min: 0,
      max: 1,
      step: 0.05,
      default: 0.7,
      help: 'Share of the loss that is the divergence from the base; the rest is the cross-entropy of the text itself.',
    },
    temperature: {
      kind: 'number',
      label: 'Temperature',
      min: 0.1,
      max: 100,
      step: 0.1,
      default: 1,
      help: 'Both sets of logits are divided by it for the divergence: above 1, unlikely tokens count for more.',
    },
    hiddenWeight: {
      kind: 'number',
      label: 'Hidden states',
      min: 0,
      max: 1_000_000,
      step: 0.1,
      default: hiddenWeight,
      help: 'Weight of the mean squared difference of the hidden states after each block from those of the base, added to the loss.',
    },
    attentionWeight: {
      kind: 'number',
      label: 'Attention',
      min: 0,
      max: 1_000_000,
      step: 0.1,
      default: 0,
      help: 'Weight of the divergence of what each head attends to from what it does in the base, summed over the blocks, added to the loss.',
    },
  };
}

/** What the parameters make small. @param teacher is asked only where it counts */
export function objectiveOf(teacher: Model, parameters: DistillationParameters): Objective {
  const { distillationWeight, temperature, hiddenWeight, attentionWeight } = parameters;
  if (distillationWeight === 0 && hiddenWeight === 0 && attentionWeight === 0) return fineTuning;
  return distillation(teacher, { distillationWeight, temperature, hiddenWeight, attentionWeight });
}
