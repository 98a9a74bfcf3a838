import { z } from 'zod';
import { readFloat32 } from '../../checkpoint/float-conversion';
import { uploadTensor } from '../../engines/webgpu/transfer';
import { familyOf } from '../../model/families';
import type { Model, ModelConfig } from '../../model/model';
import { seeded } from '../../model/generation/sampling';
import { DenseWeight } from '../../weights/formats/dense-weight';
import { type ModelMethod, RecipeError } from '../method';
import { normalValues } from '../factorization/normal-values';
import { parameter, seedParameter } from '../../parameters/parameter';

/**
 * Standard deviation of new weights if the checkpoint's config has none (Devlin et al. 2019; transformers' default).
 */
const USUAL_RANGE = 0.02;
const MOST_LABELS = 1000;

const schema = z.strictObject({
  labels: parameter(z.string().default('negative, positive'), {
    label: 'Labels',
    placeholder: 'negative, positive',
    help: 'Names of the classes, separated by commas, in the order of their numbers in the labelled sentences: 0, 1, …',
  }),
  seed: seedParameter(
    'Of the new weights, which are drawn from a normal distribution; a pooler that the checkpoint holds is taken as it is.',
  ),
});

type Parameters = z.infer<typeof schema>;

/** Adds a classifier to a masked language model for a later fine-tuning. */
export const classificationHead: ModelMethod<Parameters> = {
  id: 'classification-head',
  title: 'Classification head',
  paper:
    'Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers", section 3.2; for sparse models Zafrir et al. 2021, "Prune Once for All", section 3',
  summary:
    'Replaces the head of a masked language model by a pooler and a classifier, whatever the formats of its encoder: the start of a fine-tuning on labelled sentences, and no better than chance before it.',
  appliesTo: 'model',
  usualTargets: ['re:.*'],
  schema,

  configAfter(config, parameters) {
    const { withClassifier } = familyOf(config.source);
    if (config.task !== 'masked-lm' || !withClassifier) {
      throw new RecipeError(
        `classification-head replaces a masked language model's head, but this is a ${config.task} model; open a masked language model (BertForMaskedLM), or leave the step out.`,
      );
    }
    return withClassifier(config, labelNames(parameters.labels));
  },

  async compressModel(model, _targets, parameters) {
    const config = classificationHead.configAfter!(model.config, parameters);
    const values = await initialValues(model, config, parameters.seed);
    const added = familyOf(config.source).layout(config);
    const matrices = added.matrices.filter(({ module }) => !model.linears.has(module));
    const vectors = added.vectors.filter(({ tensor }) => !model.vectors.has(tensor));
    return model.withConfig(
      config,
      new Map(
        matrices.map(({ module, tensor, shape }) => [
          module,
          DenseWeight.fromValues(values.get(tensor)!, shape),
        ]),
      ),
      new Map(vectors.map(({ tensor, shape }) => [tensor, uploadTensor(values.get(tensor)!, [...shape])])),
    );
  },
};

/** @throws RecipeError unless there are at least two distinct words */
function labelNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  const distinct = new Set(names.map((name) => name.toLowerCase()));
  const isWrong = names.some((name) => name === '' || /^\d+$/.test(name));
  if (!isWrong && names.length >= 2 && distinct.size === names.length && names.length <= MOST_LABELS)
    return names;
  throw new RecipeError(
    `classification-head needs 2 to ${MOST_LABELS} distinct names of labels, none of them a number, such as "negative, positive"; it was given "${text}".`,
  );
}

/** Tensors of the new head that the model does not have, by name. */
async function initialValues(
  { unused }: Model,
  { width, labels, source }: ModelConfig,
  seed: number,
): Promise<ReadonlyMap<string, Float32Array>> {
  const range = typeof source.initializer_range === 'number' ? source.initializer_range : USUAL_RANGE;
  const random = seeded(seed);
  const count = labels!.length;
  // The classifier is drawn first, so that its weights are the same with a pooler of the checkpoint.
  const drawn = new Map<string, Float32Array>([
    ['classifier.weight', normalValues(count * width, range, random)],
    ['classifier.bias', new Float32Array(count)],
    ['bert.pooler.dense.weight', normalValues(width * width, range, random)],
    ['bert.pooler.dense.bias', new Float32Array(width)],
  ]);
  const [weight, bias] = [unused.get('bert.pooler.dense.weight'), unused.get('bert.pooler.dense.bias')];
  const isWhole = weight?.shape.join() === `${width},${width}` && bias?.shape.join() === `${width}`;
  if (!isWhole) return drawn;
  return drawn
    .set('bert.pooler.dense.weight', await readFloat32(weight))
    .set('bert.pooler.dense.bias', await readFloat32(bias));
}
