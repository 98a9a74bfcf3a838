import { isJsonObject, type AddedTokenJson, type JsonObject } from './tokenizer-json';

/** Ids of tokens with a role in the model, if the tokenizer has them. */
export interface SpecialTokens {
  readonly bos?: number;
  readonly eos?: number;
  readonly pad?: number;
  readonly unk?: number;
  readonly cls?: number;
  readonly sep?: number;
  readonly mask?: number;
}

export type SpecialTokenRole = keyof SpecialTokens;

/** Names of these tokens in the original files of BERT and GPT-2, used if no file states them. */
const CONVENTIONAL_NAMES: Readonly<Record<SpecialTokenRole, readonly string[]>> = {
  bos: ['<|endoftext|>'],
  eos: ['<|endoftext|>'],
  pad: ['[PAD]'],
  unk: ['[UNK]', '<|endoftext|>'],
  cls: ['[CLS]'],
  sep: ['[SEP]'],
  mask: ['[MASK]'],
};

/**
 * Candidate names of a role: from tokenizer_config.json or special_tokens_map.json (null there: no such token), otherwise the
 * conventional ones.
 */
export function namesOfRole(role: SpecialTokenRole, settings: JsonObject): readonly string[] {
  const declared = settings[`${role}_token`];
  if (declared === undefined) return CONVENTIONAL_NAMES[role];
  const name = isJsonObject(declared) ? declared.content : declared;
  return typeof name === 'string' ? [name] : [];
}

/** Ids of the roles whose token is in the vocabulary. */
export function findSpecialTokens(
  settings: JsonObject,
  idOf: (token: string) => number | undefined,
): SpecialTokens {
  const roles = Object.keys(CONVENTIONAL_NAMES) as SpecialTokenRole[];
  const found = roles.map((role) => {
    const name = namesOfRole(role, settings).find((candidate) => idOf(candidate) !== undefined);
    return [role, name === undefined ? undefined : idOf(name)] as const;
  });
  return Object.fromEntries(found.filter(([, id]) => id !== undefined));
}

/** Added tokens of a tokenizer that comes as vocabulary files: its special tokens and those listed in the config. */
export function addedTokensOf(
  roles: readonly SpecialTokenRole[],
  settings: JsonObject,
  vocabulary: Readonly<Record<string, number>>,
): AddedTokenJson[] {
  const added = new Map<number, AddedTokenJson>();
  for (const role of roles) {
    for (const content of namesOfRole(role, settings)) {
      if (!Object.hasOwn(vocabulary, content)) continue;
      added.set(vocabulary[content], { id: vocabulary[content], content, normalized: false, special: true });
      break;
    }
  }
  const listed = settings.added_tokens_decoder;
  for (const [id, token] of Object.entries(isJsonObject(listed) ? listed : {})) {
    if (isJsonObject(token) && typeof token.content === 'string' && token.content.length > 0) {
      added.set(Number(id), { ...token, content: token.content, id: Number(id) });
    }
  }
  return [...added.values()];
}
