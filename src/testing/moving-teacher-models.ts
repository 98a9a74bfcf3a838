import { withNextTokens } from '../model/gradients/training-batch';
import type { TrainingBatch } from '../model/gradients/sequence-losses';
import { loadModel } from '../model/load-model';
import type { Model } from '../model/model';
import { MovingTeacher } from '../train/moving-teacher';
import { TrainableModel } from '../train/trainable-model';
import type { TrainingSettings } from '../train/training-settings';
import fixture from './fixtures/moving-teacher.json';
import { openFolder } from './folder-checkpoint';
import { shrunkModel } from './shrunk-model';

/** Training settings of the fixture. */
export const FIXTURE_RUN = fixture.settings as TrainingSettings;

export interface StudentAndTeacher {
  readonly base: Model;
  /** Base with every linear of its blocks scaled as in the fixture. */
  readonly student: TrainableModel;
  readonly teacher: MovingTeacher;
}

/** Runs a test with the models of the fixture and disposes of them. */
export async function withStudentAndTeacher<T>(
  settings: TrainingSettings & { readonly teacherLearningRate: number },
  check: (models: StudentAndTeacher) => Promise<T>,
): Promise<T> {
  const base = await loadModel(await openFolder('src/testing/fixtures/tiny-gpt2'));
  const start = await shrunkModel(base, fixture.shrink);
  const student = await TrainableModel.of(start);
  const teacher = await MovingTeacher.of(base, settings);
  try {
    return await check({ base, student, teacher });
  } finally {
    for (const owned of [teacher, student, start, base]) owned.dispose();
  }
}

/** Training batch of the fixture. */
export function fixtureBatch(ids: readonly number[]): TrainingBatch {
  const { batchSize, sequenceLength } = FIXTURE_RUN;
  return withNextTokens({ ids: Int32Array.from(ids), batch: batchSize, length: sequenceLength });
}
