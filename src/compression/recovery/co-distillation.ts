import { z } from 'zod';
import { CoDistillation } from '../../train/co-distillation';
import { distillation } from '../../train/distillation-objective';
import { MovingTeacher } from '../../train/moving-teacher';
import type { Student } from '../../train/student';
import type { ModelMethod } from '../method';
import { movingTeacherParameters } from './moving-teacher-parameters';
import { trainVariant } from './train-variant';
import { parameter } from '../../parameters/parameter';
import { trainingParameters } from '../../train/training-settings';
import { trainingSettings } from './run-settings';

const TEACHER_LEARNING_RATE = 0.1;

const schema = z.strictObject({
  ...movingTeacherParameters(TEACHER_LEARNING_RATE),
  teacherWeight: parameter(z.number().min(0).max(1).default(0.3), {
    label: "Teacher's distillation",
    step: 0.05,
    help: "Share of the teacher's loss that is its divergence from the variant; the rest is the cross-entropy with the text.",
  }),
  result: parameter(z.enum(['student', 'teacher']).default('student'), {
    label: 'Result',
    labels: { student: 'the variant', teacher: 'the teacher, of the size of the base' },
    help: 'Model that is returned; its held-out loss is monitored.',
  }),
  ...trainingParameters(),
});

type Parameters = z.infer<typeof schema>;

/** Trains the result of earlier steps and a copy of the base together, each on the other. */
export const coDistillation: ModelMethod<Parameters> = {
  id: 'co-distillation',
  title: 'Co-distillation',
  paper:
    'Lee et al. 2023, "Co-training and Co-Distillation for Quality Improvement and Compression of Language Models", section 3',
  summary:
    'Trains the variant and a copy of the base together, each on the text and on the predictions of the other: returns the variant, or the improved base, and costs the memory and time of training both.',
  appliesTo: 'model',
  trains: true,
  schema,

  async compressModel(model, targets, parameters, context) {
    const settings = trainingSettings('co-distillation', parameters, model.config);
    const { teacher: base } = context.training!;
    const { teacherLearningRate, teacherWeight, result, distillationWeight, temperature } = parameters;
    // The unchanged base, a fixed reference while both models move.
    const objective = distillation(base, { distillationWeight: 1, temperature });
    const teacher = await MovingTeacher.of(base, { ...settings, teacherLearningRate });
    let both: CoDistillation | undefined;
    const training = {
      targets,
      settings,
      objective,
      hooks: (student: Student) =>
        (both = new CoDistillation(student, teacher, {
          distillation: { distillationWeight, temperature },
          teacherWeight,
          result,
          measuredBy: objective,
          signal: context.signal,
        })),
      finish: async () => both!.restoreBestTeacher(),
      result: result === 'teacher' ? () => teacher.model.toModel(base) : undefined,
    };
    try {
      return await trainVariant(model, training, context);
    } finally {
      both?.dispose();
      teacher.dispose();
    }
  },
};
