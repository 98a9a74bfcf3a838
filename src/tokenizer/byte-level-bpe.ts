import { addedTokensOf } from './special-tokens';
import { TokenizerError } from './tokenizer-error';
import { checkVocabulary, parseJsonObject, type JsonObject, type TokenizerJson } from './tokenizer-json';

/**
 * GPT-2's byte-level BPE (Radford et al. 2019, section 2.2) from the two files it was published as.
 *
 * @param settings content of tokenizer_config.json, possibly empty
 * @throws TokenizerError if a file is damaged or the two do not belong together
 */
export function byteLevelBpe(vocabJson: string, mergesTxt: string, settings: JsonObject): TokenizerJson {
  const vocab = parseJsonObject(vocabJson, 'vocab.json');
  checkVocabulary(vocab, 'vocab.json');
  const byteLevel = {
    type: 'ByteLevel',
    add_prefix_space: settings.add_prefix_space === true,
    trim_offsets: true,
    use_regex: true,
  };
  return {
    added_tokens: addedTokensOf(['bos', 'eos', 'unk', 'pad'], settings, vocab),
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: { ...byteLevel, trim_offsets: false },
    decoder: byteLevel,
    model: { type: 'BPE', unk_token: null, fuse_unk: false, vocab, merges: parseMerges(mergesTxt, vocab) },
  };
}

/** Pairs of tokens in the order of merging. The first line may state a version. */
function parseMerges(mergesTxt: string, vocab: Readonly<Record<string, number>>): [string, string][] {
  const merges: [string, string][] = [];
  for (const [index, line] of mergesTxt.split(/\r?\n/).entries()) {
    if (line.length === 0 || (index === 0 && line.startsWith('#version'))) continue;
    const pair = line.split(' ');
    if (pair.length !== 2) {
      throw new TokenizerError(
        `Line ${index + 1} of merges.txt is ${JSON.stringify(line.slice(0, 80))}; two tokens with one space between them were expected.`,
      );
    }
    // A merge without an id would silently drop its text.
    if (!Object.hasOwn(vocab, pair.join(''))) {
      throw new TokenizerError(
        `Line ${index + 1} of merges.txt makes ${JSON.stringify(pair.join('').slice(0, 80))}, which vocab.json does not hold; take both files from the same checkpoint.`,
      );
    }
    merges.push(pair as [string, string]);
  }
  return merges;
}
