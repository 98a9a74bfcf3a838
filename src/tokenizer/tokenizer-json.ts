import { TokenizerError } from './tokenizer-error';

/** Token that is cut out of the text before all other stages, as tokenizer.json lists it. */
export interface AddedTokenJson {
  readonly id: number;
  readonly content: string;
  readonly single_word?: boolean;
  readonly lstrip?: boolean;
  readonly rstrip?: boolean;
  readonly normalized?: boolean;
  readonly special?: boolean;
}

/** Stage of a tokenizer: its type and parameters. */
export interface StageJson {
  readonly type: string;
  readonly [parameter: string]: unknown;
}

/** Content of a tokenizer.json (https://huggingface.co/docs/tokenizers/pipeline) that Lathe uses. */
export interface TokenizerJson {
  readonly added_tokens: readonly AddedTokenJson[];
  readonly normalizer: StageJson | null;
  readonly pre_tokenizer: StageJson | null;
  readonly post_processor: StageJson | null;
  readonly decoder: StageJson | null;
  readonly model: StageJson;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** Model types of the library, which would silently give wrong ids for others. */
const MODEL_TYPES: readonly string[] = ['BPE', 'WordPiece', 'Unigram'];
/** Greatest plausible id: the largest vocabularies have 300,000 entries; larger ids would exhaust memory. */
const MAX_TOKEN_ID = 10_000_000;

/** @throws TokenizerError if the text is not a JSON object */
export function parseJsonObject(text: string, fileName: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new TokenizerError(`${fileName} is not JSON (${(error as Error).message}); download it again.`);
  }
  if (!isJsonObject(parsed)) {
    throw new TokenizerError(`${fileName} is not a JSON object; download it again.`);
  }
  return parsed;
}

/** @throws TokenizerError if there is no model with a vocabulary, or an added token lacks content or id */
export function parseTokenizerJson(text: string): TokenizerJson {
  const json = parseJsonObject(text, 'tokenizer.json');
  const { model, added_tokens: addedTokens = [] } = json;
  if (!isJsonObject(model) || typeof model.vocab !== 'object' || model.vocab === null) {
    throw new TokenizerError(
      'tokenizer.json has no "model" with a "vocab"; save it again with save_pretrained of a fast tokenizer.',
    );
  }
  const type = model.type ?? typeOfOlderModel(model);
  if (!MODEL_TYPES.includes(type as string)) {
    throw new TokenizerError(
      `tokenizer.json has a model of type ${JSON.stringify(type)}; Lathe reads ${MODEL_TYPES.join(', ')}.`,
    );
  }
  if (isJsonObject(model.vocab)) checkVocabulary(model.vocab, 'tokenizer.json');
  if (!Array.isArray(addedTokens) || !addedTokens.every(isAddedToken)) {
    throw new TokenizerError(
      'tokenizer.json lists "added_tokens" that are not objects with an "id" and a "content"; download it again.',
    );
  }
  const stages = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };
  return {
    ...stages,
    ...json,
    model: { ...model, type },
    added_tokens: addedTokens,
  } as unknown as TokenizerJson;
}

/** @throws TokenizerError for an id that is not an integer from 0 to the greatest plausible id */
export function checkVocabulary(
  vocabulary: JsonObject,
  fileName: string,
): asserts vocabulary is Readonly<Record<string, number>> {
  for (const [token, id] of Object.entries(vocabulary)) {
    if (!isTokenId(id)) {
      throw new TokenizerError(
        `${fileName} gives token ${JSON.stringify(token)} the id ${JSON.stringify(id)}; ids are integers from 0 to ${MAX_TOKEN_ID}.`,
      );
    }
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Type of a model in files of 2020, including the original GPT-2's and BERT's, which do not state it. */
function typeOfOlderModel(model: JsonObject): string | undefined {
  if (Array.isArray(model.merges)) return 'BPE';
  if (Array.isArray(model.vocab)) return 'Unigram';
  return 'max_input_chars_per_word' in model ? 'WordPiece' : undefined;
}

function isAddedToken(value: unknown): value is AddedTokenJson {
  return (
    isJsonObject(value) &&
    isTokenId(value.id) &&
    typeof value.content === 'string' &&
    value.content.length > 0
  );
}

function isTokenId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_TOKEN_ID;
}
