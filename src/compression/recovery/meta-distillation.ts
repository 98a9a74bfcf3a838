import { z } from 'zod';
import { distillation } from '../../train/distillation-objective';
import { MetaDistillation } from '../../train/meta-distillation';
import { MovingTeacher } from '../../train/moving-teacher';
import type { Student } from '../../train/student';
import { type ModelMethod, RecipeError } from '../method';
import { movingTeacherParameters } from './moving-teacher-parameters';
import { trainVariant } from './train-variant';
import { parameter } from '../../parameters/parameter';
import { trainingParameters } from '../../train/training-settings';
import { trainingSettings } from './run-settings';

const TEACHER_LEARNING_RATE = 0.01;

const schema = z.strictObject({
  ...movingTeacherParameters(TEACHER_LEARNING_RATE),
  pilotLearningRate: parameter(z.number().positive().max(10).default(0.05), {
    label: 'Pilot learning rate',
    min: 0.001,
    step: 0.01,
    help: "Of the step of plain gradient descent by which a lesson's worth is found out, and which is then taken back.",
  }),
  ...trainingParameters(),
});

type Parameters = z.infer<typeof schema>;

/** A copy of the base learns to teach as what earlier steps left learns from it. */
export const metaDistillation: ModelMethod<Parameters> = {
  id: 'meta-distillation',
  title: 'Meta-distillation',
  paper:
    'Zhou et al. 2022, "BERT Learns to Teach: Knowledge Distillation with Meta Learning" (MetaDistil), section 3; the idea also in Liu et al. 2020, "MetaDistiller"',
  summary:
    'Before each update a copy of the base moves so that a lesson from it does better on other sequences, and the variant learns from that teacher: costs the memory of training both, and about four times the time of a distillation.',
  appliesTo: 'model',
  trains: true,
  schema,

  async compressModel(model, targets, parameters, context) {
    const settings = trainingSettings('meta-distillation', parameters, model.config);
    const { teacher: base, data } = context.training!;
    const { teacherLearningRate, pilotLearningRate, distillationWeight, temperature } = parameters;
    if (distillationWeight === 0) {
      throw new RecipeError(
        'meta-distillation moves the teacher by what the variant learns from it, which at a "distillationWeight" of 0 is nothing; use one above 0.',
      );
    }
    const objective = distillation(base, { distillationWeight: 1, temperature });
    const teacher = await MovingTeacher.of(base, { ...settings, teacherLearningRate });
    const { batchSize, sequenceLength, seed } = settings;
    let lessons: MetaDistillation | undefined;
    const training = {
      targets,
      settings,
      objective,
      hooks: (student: Student) =>
        (lessons = new MetaDistillation(student, teacher, {
          distillation: { distillationWeight, temperature },
          pilotLearningRate,
          withoutLabels: objective,
          // Drawn like a step's own sequences, of which they are others.
          quiz: (step) => data.batch(step, batchSize, sequenceLength, seed + 1),
        })),
    };
    try {
      return await trainVariant(model, training, context);
    } finally {
      lessons?.dispose();
      teacher.dispose();
    }
  },
};
