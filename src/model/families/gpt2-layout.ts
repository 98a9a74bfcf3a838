import type { MatrixLayout, ModelConfig, ModelLayout, VectorLayout } from '../model';
import { type BlockStructure, memberLength, type Members } from '../structure';

const HEADS: Members = { of: 'heads', groups: 1 };
/** Queries of all heads, then their keys, then their values. */
const QUERY_KEY_VALUE: Members = { of: 'heads', groups: 3 };
const NEURONS: Members = { of: 'neurons', groups: 1 };

export function blockName(index: number): string {
  return `transformer.h.${index}`;
}

/** Names and shapes of GPT-2's weights, as in transformers' GPT2LMHeadModel. */
export function gpt2Layout(config: ModelConfig): ModelLayout {
  const { width, vocabularySize, contextLength, hasOwnHead, structure } = config;
  const blocks = structure.blocks.map((block) => blockLayout(config, block));
  return {
    matrices: [
      embedding('transformer.wte', [vocabularySize, width]),
      ...blocks.flatMap(({ matrices }) => matrices),
      ...(hasOwnHead ? [embedding('lm_head', [vocabularySize, width])] : []),
    ],
    vectors: [
      { tensor: 'transformer.wpe.weight', shape: [contextLength, width] },
      ...blocks.flatMap(({ vectors }) => vectors),
      { tensor: 'transformer.ln_f.weight', shape: [width] },
      { tensor: 'transformer.ln_f.bias', shape: [width] },
    ],
  };
}

function blockLayout(config: ModelConfig, block: BlockStructure): ModelLayout {
  const { width } = config;
  const { index } = block;
  const name = blockName(index);
  const size = (members?: Members) => (members ? memberLength(members, block, config) : width);
  const linear = (module: string, outputs?: Members, inputs?: Members): MatrixLayout => ({
    module: `${name}.${module}`,
    tensor: `${name}.${module}.weight`,
    shape: [size(outputs), size(inputs)],
    transposed: true,
    isBlockLinear: true,
    block: index,
    outputs,
    inputs,
  });
  const vector = (tensor: string, members?: Members): VectorLayout => ({
    tensor: `${name}.${tensor}`,
    shape: [size(members)],
    block: index,
    members,
  });
  const attention: ModelLayout = {
    matrices: [
      { ...linear('attn.c_attn', QUERY_KEY_VALUE), attentionRoles: ['query', 'key', 'value'] },
      linear('attn.c_proj', undefined, HEADS),
    ],
    vectors: [
      vector('ln_1.weight'),
      vector('ln_1.bias'),
      vector('attn.c_attn.bias', QUERY_KEY_VALUE),
      vector('attn.c_proj.bias'),
    ],
  };
  const feedForward: ModelLayout = {
    matrices: [linear('mlp.c_fc', NEURONS), linear('mlp.c_proj', undefined, NEURONS)],
    vectors: [
      vector('ln_2.weight'),
      vector('ln_2.bias'),
      vector('mlp.c_fc.bias', NEURONS),
      vector('mlp.c_proj.bias'),
    ],
  };
  const parts = [...(block.hasAttention ? [attention] : []), ...(block.hasFeedForward ? [feedForward] : [])];
  return {
    matrices: parts.flatMap(({ matrices }) => matrices),
    vectors: parts.flatMap(({ vectors }) => vectors),
  };
}

function embedding(module: string, shape: [number, number]): MatrixLayout {
  return { module, tensor: `${module}.weight`, shape, transposed: false, isBlockLinear: false };
}
