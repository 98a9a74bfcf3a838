import type { AttentionRole, MatrixLayout, ModelConfig, ModelLayout, VectorLayout } from '../model';
import { type BlockStructure, memberLength, type Members } from '../structure';

export const WORD_EMBEDDINGS = 'bert.embeddings.word_embeddings';

const HEADS: Members = { of: 'heads', groups: 1 };
const NEURONS: Members = { of: 'neurons', groups: 1 };

/** Linear of a block: its name within the block, and the members of its outputs and inputs. */
type BlockLinear = [name: string, outputs?: Members, inputs?: Members, role?: AttentionRole];

const ATTENTION: readonly BlockLinear[] = [
  ['attention.self.query', HEADS, undefined, 'query'],
  ['attention.self.key', HEADS, undefined, 'key'],
  ['attention.self.value', HEADS, undefined, 'value'],
  ['attention.output.dense', undefined, HEADS],
];
const FEED_FORWARD: readonly BlockLinear[] = [
  ['intermediate.dense', NEURONS],
  ['output.dense', undefined, NEURONS],
];

export function blockName(index: number): string {
  return `bert.encoder.layer.${index}`;
}

/** Names and shapes of BERT's weights, as in transformers' BertForMaskedLM and BertForSequenceClassification. */
export function bertLayout(config: ModelConfig): ModelLayout {
  const { width, vocabularySize, contextLength, tokenTypes = 2, structure } = config;
  const parts = [
    ...structure.blocks.map((block) => blockLayout(config, block)),
    config.task === 'masked-lm' ? maskedHeadLayout(config) : classifierLayout(config),
  ];
  return {
    matrices: [
      linear(WORD_EMBEDDINGS, [vocabularySize, width]),
      ...parts.flatMap(({ matrices }) => matrices),
    ],
    vectors: [
      { tensor: 'bert.embeddings.position_embeddings.weight', shape: [contextLength, width] },
      { tensor: 'bert.embeddings.token_type_embeddings.weight', shape: [tokenTypes, width] },
      ...normVectors('bert.embeddings.LayerNorm', width),
      ...parts.flatMap(({ vectors }) => vectors),
    ],
  };
}

function blockLayout(config: ModelConfig, block: BlockStructure): ModelLayout {
  const { width } = config;
  const { index, hasAttention, hasFeedForward } = block;
  const name = blockName(index);
  const size = (members?: Members) => (members ? memberLength(members, block, config) : width);
  const linears = [...(hasAttention ? ATTENTION : []), ...(hasFeedForward ? FEED_FORWARD : [])];
  return {
    matrices: linears.map(([module, outputs, inputs, role]) => ({
      ...linear(`${name}.${module}`, [size(outputs), size(inputs)]),
      isBlockLinear: true,
      block: index,
      outputs,
      inputs,
      attentionRoles: role && [role],
    })),
    vectors: [
      ...linears.map(([module, outputs]) => ({
        tensor: `${name}.${module}.bias`,
        shape: [size(outputs)],
        block: index,
        members: outputs,
      })),
      ...normVectors(`${name}.attention.output.LayerNorm`, width, index),
      ...normVectors(`${name}.output.LayerNorm`, width, index),
    ],
  };
}

function maskedHeadLayout({ width, vocabularySize, hasOwnHead }: ModelConfig): ModelLayout {
  const matrices = [linear('cls.predictions.transform.dense', [width, width])];
  if (hasOwnHead) matrices.push(linear('cls.predictions.decoder', [vocabularySize, width]));
  return {
    matrices,
    vectors: [
      { tensor: 'cls.predictions.transform.dense.bias', shape: [width] },
      ...normVectors('cls.predictions.transform.LayerNorm', width),
      { tensor: 'cls.predictions.bias', shape: [vocabularySize] },
    ],
  };
}

function classifierLayout({ width, labels }: ModelConfig): ModelLayout {
  const count = labels!.length;
  return {
    matrices: [linear('bert.pooler.dense', [width, width]), linear('classifier', [count, width])],
    vectors: [
      { tensor: 'bert.pooler.dense.bias', shape: [width] },
      { tensor: 'classifier.bias', shape: [count] },
    ],
  };
}

function normVectors(name: string, width: number, block?: number): VectorLayout[] {
  return [
    { tensor: `${name}.weight`, shape: [width], block },
    { tensor: `${name}.bias`, shape: [width], block },
  ];
}

function linear(module: string, shape: [number, number]): MatrixLayout {
  return { module, tensor: `${module}.weight`, shape, transposed: false, isBlockLinear: false };
}
