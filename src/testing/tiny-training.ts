import { readFloats } from '../engines/webgpu/transfer';
import type { TrainingBatch } from '../model/gradients/sequence-losses';
import type { Model, TokenBatch } from '../model/model';
import type { TrainingData } from '../train/training-context';
import { seededRandom } from './allclose';
import { logSoftmaxOfRow } from './log-softmax';

/** Lower ids are special tokens in the tiny checkpoints. */
const FIRST_ID = 5;
export const TINY_LENGTH = 16;
const TRAINING_COUNT = 32;
const HELD_OUT_COUNT = 4;

const dataOf = new WeakMap<Model, Promise<TrainingData>>();

/**
 * Random sequences of `TINY_LENGTH` tokens on which a model closer to `base` has a lower held-out loss, although the base's
 * weights are random: targets are the base's most likely tokens, and classification examples have none. Cached for each model
 * object, whose weights must not change.
 */
export function tinyTrainingData(base: Model): Promise<TrainingData> {
  const made = dataOf.get(base) ?? makeData(base);
  dataOf.set(base, made);
  return made;
}

async function makeData(base: Model): Promise<TrainingData> {
  const random = seededRandom(1);
  const id = () => FIRST_ID + Math.floor(random() * (base.config.vocabularySize - FIRST_ID));
  const count = TRAINING_COUNT + HELD_OUT_COUNT;
  const ids = Int32Array.from({ length: count * TINY_LENGTH }, id);
  const targets = await targetsOf(base, { ids, batch: count, length: TINY_LENGTH });
  const sequences = Array.from({ length: count }, (_, index): TrainingBatch => {
    const part = (values: Int32Array) =>
      values.slice((index * values.length) / count, ((index + 1) * values.length) / count);
    return { ids: part(ids), targets: part(targets), batch: 1, length: TINY_LENGTH };
  });
  const training = sequences.slice(HELD_OUT_COUNT);
  return {
    text: 'random tokens',
    batch(step, size, _length, seed) {
      const random = seededRandom(1000 * (seed + 1) + step);
      return joinSequences(
        Array.from({ length: size }, () => training[Math.floor(random() * training.length)]),
      );
    },
    heldOut: () => [joinSequences(sequences.slice(0, HELD_OUT_COUNT))],
  };
}

async function targetsOf(base: Model, batch: TokenBatch): Promise<Int32Array> {
  if (base.config.task === 'sequence-classification') return new Int32Array(batch.batch).fill(-1);
  const { rows } = await logitsOf(base, batch);
  return Int32Array.from(rows, (row) => row.indexOf(Math.max(...row)));
}

function joinSequences(sequences: readonly TrainingBatch[]): TrainingBatch {
  const joined = (part: 'ids' | 'targets') =>
    Int32Array.from(sequences.flatMap((sequence) => [...sequence[part]]));
  return { ids: joined('ids'), targets: joined('targets'), batch: sequences.length, length: TINY_LENGTH };
}

/** Mean KL(teacher ‖ student) in nats over all rows of logits of the held-out sequences, in float64. */
export async function meanDivergence(teacher: Model, student: Model): Promise<number> {
  const [batch] = (await tinyTrainingData(teacher)).heldOut(HELD_OUT_COUNT, TINY_LENGTH);
  const [target, output] = await Promise.all([teacher, student].map((model) => logitsOf(model, batch)));
  const divergences = target.rows.map((row, index) => {
    const other = logSoftmaxOfRow(output.rows[index], 0, output.classes);
    return logSoftmaxOfRow(row, 0, target.classes).reduce(
      (sum, log, token) => sum + Math.exp(log) * (log - other[token]),
      0,
    );
  });
  return divergences.reduce((sum, value) => sum + value, 0) / divergences.length;
}

async function logitsOf(model: Model, batch: TokenBatch): Promise<{ rows: Float32Array[]; classes: number }> {
  const logits = model.logits(batch);
  const [count, classes] = logits.shape;
  const values = await readFloats(logits);
  logits.dispose();
  const rows = Array.from({ length: count }, (_, row) => values.subarray(row * classes, (row + 1) * classes));
  return { rows, classes };
}

/** The same data, failing at a step as if the device was lost. */
export function failingAt(data: TrainingData, brokenAt: number): TrainingData {
  return {
    ...data,
    batch(step, ...rest) {
      if (step === brokenAt) throw new Error('The device was lost.');
      return data.batch(step, ...rest);
    },
  };
}
