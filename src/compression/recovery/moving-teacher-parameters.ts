import { z } from 'zod';
import { parameter } from '../../parameters/parameter';
import { distillationWeightParameter, temperatureParameter } from './distillation-parameters';

/** Parameters of a method whose teacher trains too. @param teacherLearningRate its default */
export function movingTeacherParameters(teacherLearningRate: number) {
  return {
    distillationWeight: distillationWeightParameter(
      "Share of the variant's loss that is its divergence from the teacher; the rest is the cross-entropy of the text itself.",
    ),
    temperature: temperatureParameter(),
    teacherLearningRate: parameter(z.number().min(0).max(10).default(teacherLearningRate), {
      label: "Teacher's learning rate",
      step: 0.01,
      help: "As a share of the variant's at each step: the base is already trained and needs smaller steps.",
    }),
  };
}
