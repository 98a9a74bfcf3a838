import { z } from 'zod';
import { distillationFields, distillationParameters } from './distillation-fields';
import type { ParameterField } from '../method';

/** The parameters of a method whose teacher trains too. @param teacherLearningRate its default */
export function movingTeacherParameters(teacherLearningRate: number) {
  const { distillationWeight, temperature } = distillationParameters();
  return {
    distillationWeight,
    temperature,
    teacherLearningRate: z.number().min(0).max(10).default(teacherLearningRate),
  };
}

type MovingTeacherParameters = z.infer<z.ZodObject<ReturnType<typeof movingTeacherParameters>>>;

/** Their controls. @param teacherLearningRate its default */
export function movingTeacherFields(
  teacherLearningRate: number,
): Readonly<Record<keyof MovingTeacherParameters, ParameterField>> {
  const { distillationWeight, temperature } = distillationFields();
  return {
    distillationWeight: {
      ...distillationWeight,
      help: "Share of the variant's loss that is its divergence from the teacher; the rest is the cross-entropy of the text itself.",
    },
    temperature,
    teacherLearningRate: {
      kind: 'number',
      label: "Teacher's learning rate",
      min: 0,
      max: 10,
      step: 0.01,
      default: teacherLearningRate,
      help: "As a share of the variant's at each step: the base is trained already, and wants smaller steps.",
    },
  };
}
