import { addedTokensOf, namesOfRole, type SpecialTokenRole } from './special-tokens';
import { TokenizerError } from './tokenizer-error';
import type { JsonObject, TokenizerJson } from './tokenizer-json';

/**
 * BERT's WordPiece (Devlin et al. 2019) from its list of pieces, one per line, the id being the line number from 0.
 *
 * @param settings content of tokenizer_config.json; if empty, lower case as `bert-base-uncased`
 * @throws TokenizerError if the list lacks the unknown, start or separator token
 */
export function wordPiece(vocabTxt: string, settings: JsonObject): TokenizerJson {
  const lines = vocabTxt.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  const vocab: Record<string, number> = Object.fromEntries(lines.map((piece, id) => [piece, id]));
  const pieceOf = (role: SpecialTokenRole): string => {
    const [name] = namesOfRole(role, settings);
    if (name !== undefined && Object.hasOwn(vocab, name)) return name;
    throw new TokenizerError(
      `vocab.txt does not hold the token ${name ?? `that tokenizer_config.json should name as ${role}_token`}; a BERT vocabulary has a line [UNK], [CLS] and [SEP], or tokenizer_config.json names others.`,
    );
  };
  const [unk, cls, sep] = [pieceOf('unk'), pieceOf('cls'), pieceOf('sep')];
  const special = (token: string, type: number) => ({ SpecialToken: { id: token, type_id: type } });
  const sequence = (id: 'A' | 'B', type: number) => ({ Sequence: { id, type_id: type } });
  return {
    added_tokens: addedTokensOf(['pad', 'unk', 'cls', 'sep', 'mask'], settings, vocab),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: settings.tokenize_chinese_chars !== false,
      // Null: strip accents if lower-casing, as in the paper's code.
      strip_accents: settings.strip_accents ?? null,
      lowercase: settings.do_lower_case !== false,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [special(cls, 0), sequence('A', 0), special(sep, 0)],
      pair: [special(cls, 0), sequence('A', 0), special(sep, 0), sequence('B', 1), special(sep, 1)],
      special_tokens: Object.fromEntries(
        [cls, sep].map((token) => [token, { id: token, ids: [vocab[token]], tokens: [token] }]),
      ),
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: unk,
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab,
    },
  };
}
