import { z } from 'zod';
import type { Model } from '../../model/model';
import { distillation } from '../../train/distillation-objective';
import { fineTuning } from '../../train/fine-tuning-objective';
import type { Objective } from '../../train/objective';
import { parameter } from '../../parameters/parameter';

/** Parameters of a method that trains against the base. @param defaults where a method's paper has others */
export function distillationParameters({ hiddenWeight = 0 }: { readonly hiddenWeight?: number } = {}) {
  return {
    distillationWeight: distillationWeightParameter(
      'Share of the loss that is the divergence from the base; the rest is the cross-entropy of the text itself.',
    ),
    temperature: temperatureParameter(),
    hiddenWeight: parameter(z.number().min(0).max(1_000_000).default(hiddenWeight), {
      label: 'Hidden states',
      step: 0.1,
      help: 'Weight of the mean squared difference between the hidden states after each block and those of the base, added to the loss.',
    }),
    attentionWeight: parameter(z.number().min(0).max(1_000_000).default(0), {
      label: 'Attention',
      step: 0.1,
      help: 'Weight of the divergence of attention distributions from those of the base, summed over the blocks, added to the loss.',
    }),
  };
}

export type DistillationParameters = z.infer<z.ZodObject<ReturnType<typeof distillationParameters>>>;

export function distillationWeightParameter(help: string) {
  return parameter(z.number().min(0).max(1).default(0.7), { label: 'Distillation', step: 0.05, help });
}

export function temperatureParameter() {
  return parameter(z.number().positive().max(100).default(1), {
    label: 'Temperature',
    step: 0.1,
    help: 'Divides both sets of logits in the divergence: above 1, unlikely tokens count for more.',
  });
}

/** The loss of the parameters. @param teacher is used only where a weight is above 0 */
export function objectiveOf(teacher: Model, parameters: DistillationParameters): Objective {
  const { distillationWeight, temperature, hiddenWeight, attentionWeight } = parameters;
  if (distillationWeight === 0 && hiddenWeight === 0 && attentionWeight === 0) return fineTuning;
  return distillation(teacher, { distillationWeight, temperature, hiddenWeight, attentionWeight });
}
