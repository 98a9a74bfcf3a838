import { readFloats } from '../engines/webgpu/transfer';
import type { TrainingBatch } from '../model/gradients/sequence-losses';
import type { Model, TokenBatch } from '../model/model';
import type { TrainingData, TrainingStates } from '../train/training-context';
import { seededRandom } from './allclose';
import { logSoftmaxOfRow } from './log-softmax';

/** Ids below are special in the tiny checkpoints. */
const FIRST_ID = 5;
export const TINY_LENGTH = 16;
const TRAINED_ON = 32;
const HELD_OUT = 4;

const dataOf = new WeakMap<Model, Promise<TrainingData>>();

/**
 * Random sequences of `TINY_LENGTH` tokens for which what is nearer to a model has a lower held-out loss, though the model's weights
 * are random: targets are what it finds likeliest itself, and a classifier's sentences have none. The same for the same model
 * object, whose weights stay as they are.
 */
export function tinyTrainingData(base: Model): Promise<TrainingData> {
  const made = dataOf.get(base) ?? makeData(base);
  dataOf.set(base, made);
  return made;
}

async function makeData(base: Model): Promise<TrainingData> {
  const random = seededRandom(1);
  const id = () => FIRST_ID + Math.floor(random() * (base.config.vocabularySize - FIRST_ID));
  const count = TRAINED_ON + HELD_OUT;
  const ids = Int32Array.from({ length: count * TINY_LENGTH }, id);
  const targets = await targetsOf(base, { ids, batch: count, length: TINY_LENGTH });
  const sequences = Array.from({ length: count }, (_, index): TrainingBatch => {
    const own = (values: Int32Array) =>
      values.slice((index * values.length) / count, ((index + 1) * values.length) / count);
    return { ids: own(ids), targets: own(targets), batch: 1, length: TINY_LENGTH };
  });
  const trainedOn = sequences.slice(HELD_OUT);
  return {
    text: 'random tokens',
    batch(step, size, _length, seed) {
      const random = seededRandom(1000 * (seed + 1) + step);
      return together(Array.from({ length: size }, () => trainedOn[Math.floor(random() * trainedOn.length)]));
    },
    heldOut: () => [together(sequences.slice(0, HELD_OUT))],
  };
}

async function targetsOf(base: Model, batch: TokenBatch): Promise<Int32Array> {
  if (base.config.task === 'sequence-classification') return new Int32Array(batch.batch).fill(-1);
  const { rows } = await logitsOf(base, batch);
  return Int32Array.from(rows, (row) => row.indexOf(Math.max(...row)));
}

function together(sequences: readonly TrainingBatch[]): TrainingBatch {
  const joined = (part: 'ids' | 'targets') => Int32Array.from(sequences.flatMap((one) => [...one[part]]));
  return { ids: joined('ids'), targets: joined('targets'), batch: sequences.length, length: TINY_LENGTH };
}

/** A state that stays in memory. */
export function statesInMemory(): TrainingStates {
  let kept: Uint8Array | undefined;
  return {
    read: () => Promise.resolve(kept),
    write: (bytes) => Promise.resolve(void (kept = bytes.slice())),
    remove: () => Promise.resolve(void (kept = undefined)),
  };
}

/** Mean KL(teacher ‖ student) in nats over all rows of the logits of the held-out sequences, in float64. */
export async function meanDivergence(teacher: Model, student: Model): Promise<number> {
  const [batch] = (await tinyTrainingData(teacher)).heldOut(HELD_OUT, TINY_LENGTH);
  const [taught, given] = await Promise.all([teacher, student].map((model) => logitsOf(model, batch)));
  const divergences = taught.rows.map((row, index) => {
    const other = logSoftmaxOfRow(given.rows[index], 0, given.classes);
    return logSoftmaxOfRow(row, 0, taught.classes).reduce(
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

/** The same data, which fail at a step as where a device is lost. */
export function breakingAt(data: TrainingData, brokenAt: number): TrainingData {
  return {
    ...data,
    batch(step, ...rest) {
      if (step === brokenAt) throw new Error('The device was lost.');
      return data.batch(step, ...rest);
    },
  };
}
