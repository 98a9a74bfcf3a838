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
    help: 'Learning rate of the trial step of plain gradient descent that evaluates the teacher and is then undone.',
  }),
  ...trainingParameters(),
});

type Parameters = z.infer<typeof schema>;

/** A copy of the base learns to teach from the progress of its student, the result of earlier steps. */
export const metaDistillation: ModelMethod<Parameters> = {
  id: 'meta-distillation',
  title: 'Meta-distillation',
  paper:
    'Zhou et al. 2022, "BERT Learns to Teach: Knowledge Distillation with Meta Learning" (MetaDistil), section 3; the idea also in Liu et al. 2020, "MetaDistiller"',
  summary:
    'Before each update a copy of the base is trained so that a step with it as the teacher improves the variant on other sequences, and the variant then learns from it: costs the memory of training both, and about four times the time of a distillation.',
  appliesTo: 'model',
  trains: true,
  schema,

  async compressModel(model, targets, parameters, context) {
    const settings = trainingSettings('meta-distillation', parameters, model.config);
    const { teacher: base, data } = context.training!;
    const { teacherLearningRate, pilotLearningRate, distillationWeight, temperature } = parameters;
    if (distillationWeight === 0) {
      throw new RecipeError(
        'meta-distillation trains the teacher by what the variant learns from it, which is nothing at a "distillationWeight" of 0; use one above 0.',
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
          // Drawn like the step's own sequences, but with another seed.
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
