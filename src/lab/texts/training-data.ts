import { encodeSentence } from '../../evaluation/texts/evaluation-text';
import { type LabelledExample, parseLabelledText } from '../../evaluation/texts/labelled-text';
import type { TrainingBatch } from '../../model/gradients/sequence-losses';
import { withMaskedTokens, withNextTokens } from '../../model/gradients/training-batch';
import type { TokenBatch } from '../../model/model';
import type { TrainingData } from '../../train/training-context';
import type { TrainingTextSettings } from '../../compression/recipe/recipe-schema';
import { encodedText } from './encoded-text';
import { LabError } from '../lab-error';
import type { DataSet } from '../protocol/protocol';
import { randomOfStep } from './random-of-step';
import {
  type Encoding,
  inBatches,
  innerLength,
  sentenceBatch,
  shuffled,
  type SpecialTokens,
  specialTokensOf,
  windowBatch,
} from './sequence-batches';
import { languageWarning } from './text-language';
import type { OperationOptions } from '../../progress/progress';

const MIN_HELD_OUT = 4;
/** Maximum number of held-out windows; with 256 tokens each they take about as long as four steps. */
const MAX_HELD_OUT_WINDOWS = 64;
/** Maximum number of held-out examples; sentences are short, and each is only one prediction. */
const MAX_HELD_OUT_EXAMPLES = 256;
/** Step of the generator that draws the held-out data; training steps count from 0. */
const HELD_OUT_STEP = -1;

export interface OpenedTrainingData {
  readonly data: TrainingData;
  /** Message for the user about the text. */
  readonly warning?: string;
}

/**
 * Opens training data from a text or a labelled set. The last part of a text is held out, and windows of equal length are
 * drawn from the rest; for a labelled set, a seeded share of the examples is held out. The sequences of a step depend only on
 * its number and a seed (`randomOfStep`: for each window, in order, `floor(random · (training tokens − tokens per window +
 * 1))`).
 *
 * @throws LabError if the text is empty, or a labelled set is used with a language model; later, if the requested length
 * exceeds the text or the model's positions; the signal's reason when cancelled
 */
export async function openTrainingData(
  data: DataSet,
  settings: TrainingTextSettings,
  encoding: Encoding,
  options: OperationOptions = {},
): Promise<OpenedTrainingData> {
  if (data.content.trim() === '')
    throw new LabError(`${data.name} is empty; choose a text with some words in it to train on.`);
  return data.kind === 'labelled'
    ? openLabelled(data, settings, encoding)
    : openText(data, settings, encoding, options);
}

async function openText(
  { name, content }: DataSet,
  settings: TrainingTextSettings,
  encoding: Encoding,
  options: OperationOptions,
): Promise<OpenedTrainingData> {
  const { tokenizer, config } = encoding;
  if (config.task === 'masked-lm' && tokenizer.specialTokens.mask === undefined)
    throw new LabError(
      'This masked language model cannot be trained, because its tokenizer has no [MASK]; choose another model.',
    );
  const ids = await encodedText(content, tokenizer, options);
  const data = new TextTrainingData(name, ids, settings, encoding);
  return { data, warning: languageWarning(name, ids, content.length, tokenizer) };
}

/** Training windows of a text. */
class TextTrainingData implements TrainingData {
  private readonly around: SpecialTokens;

  constructor(
    readonly text: string,
    private readonly ids: Int32Array,
    private readonly settings: TrainingTextSettings,
    private readonly encoding: Encoding,
  ) {
    this.around = specialTokensOf(encoding);
  }

  batch(step: number, size: number, length: number, seed: number): TrainingBatch {
    const random = randomOfStep(seed, step);
    const { inner, training } = this.parts(length);
    const starts = Array.from({ length: size }, () => Math.floor(random() * (training - inner + 1)));
    return this.withTargets(windowBatch(this.ids, starts, length, this.around), random);
  }

  heldOut(size: number, length: number): TrainingBatch[] {
    const random = randomOfStep(this.settings.seed, HELD_OUT_STEP);
    const { inner, training } = this.parts(length);
    const total = this.ids.length;
    const count = Math.min(MAX_HELD_OUT_WINDOWS, Math.floor((total - training) / inner));
    const starts = Array.from({ length: count }, (_, index) => total - (count - index) * inner);
    return inBatches(starts, size).map((some) =>
      this.withTargets(windowBatch(this.ids, some, length, this.around), random),
    );
  }

  /** Numbers of text tokens in a window and in the part that training windows are drawn from. */
  private parts(length: number): { inner: number; training: number } {
    requireFittingLength(length, this.encoding);
    const inner = innerLength(length, this.around);
    if (inner < 1)
      throw new LabError(
        `Training sequences of ${length} tokens have no room for a text token; use a greater length.`,
      );
    const total = this.ids.length;
    const heldOut = Math.max(Math.ceil(this.settings.heldOutShare * total), MIN_HELD_OUT * inner);
    const training = total - heldOut;
    if (training >= inner) return { inner, training };
    throw new LabError(
      `${this.text} has ${total} tokens, too few to train on sequences of ${length}: ${heldOut + inner} are needed, of which ${heldOut} are held out; use a longer text or shorter sequences.`,
    );
  }

  private withTargets(batch: TokenBatch, random: () => number): TrainingBatch {
    const { tokenizer, config } = this.encoding;
    if (config.task === 'causal-lm') return withNextTokens(batch);
    if (config.task === 'masked-lm') return withMaskedTokens(batch, tokenizer.specialTokens.mask!, random);
    // A plain text has no labels; a classifier learns only from its teacher.
    return { ...batch, targets: new Int32Array(batch.batch).fill(-1) };
  }
}

function openLabelled(
  { name, content }: DataSet,
  settings: TrainingTextSettings,
  encoding: Encoding,
): OpenedTrainingData {
  const { tokenizer, config } = encoding;
  if (!config.labels) {
    throw new LabError(
      `${name} is a labelled set, which this ${config.task} model cannot use; train on a plain text.`,
    );
  }
  const data = new LabelledTrainingData(
    name,
    parseLabelledText(content, config.labels, name),
    settings,
    encoding,
  );
  const sample = data.held.map(({ text }) => text).join('\n');
  const ids = tokenizer.encode(sample, { addSpecialTokens: false });
  return { data, warning: languageWarning(name, ids, sample.length, tokenizer) };
}

/** Training examples of a labelled set. */
class LabelledTrainingData implements TrainingData {
  readonly held: readonly LabelledExample[];
  private readonly examples: readonly LabelledExample[];

  constructor(
    readonly text: string,
    all: readonly LabelledExample[],
    { heldOutShare, seed }: TrainingTextSettings,
    private readonly encoding: Encoding,
  ) {
    const wanted = Math.ceil(heldOutShare * all.length);
    const heldOut = Math.min(MAX_HELD_OUT_EXAMPLES, Math.max(MIN_HELD_OUT, wanted));
    if (all.length <= heldOut) {
      throw new LabError(
        `${text} has ${all.length} examples, too few to train on: ${heldOut + 1} are needed, of which ${heldOut} are held out; use a larger set.`,
      );
    }
    const inOrder = shuffled(all, randomOfStep(seed, HELD_OUT_STEP));
    this.held = inOrder.slice(0, heldOut);
    this.examples = inOrder.slice(heldOut);
  }

  batch(step: number, size: number, length: number, seed: number): TrainingBatch {
    const random = randomOfStep(seed, step);
    const { examples } = this;
    const drawn = Array.from({ length: size }, () => examples[Math.floor(random() * examples.length)]);
    return this.encoded(drawn, length);
  }

  heldOut(size: number, length: number): TrainingBatch[] {
    return inBatches(this.held, size).map((examples) => this.encoded(examples, length));
  }

  private encoded(examples: readonly LabelledExample[], length: number): TrainingBatch {
    requireFittingLength(length, this.encoding);
    const rows = examples.map(({ text }) => encodeSentence(this.encoding.tokenizer, text, length));
    return { ...sentenceBatch(rows), targets: Int32Array.from(examples, ({ label }) => label) };
  }
}

function requireFittingLength(length: number, { config: { contextLength } }: Encoding): void {
  if (length <= contextLength) return;
  throw new LabError(
    `Training sequences of ${length} tokens are longer than the ${contextLength} positions of this model; use a length of at most ${contextLength}.`,
  );
}
