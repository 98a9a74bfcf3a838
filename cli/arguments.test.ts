import { describe, expect, test } from 'vitest';
import { accuracyEvaluation } from '../src/evaluation/accuracy/accuracy';
import { perplexityEvaluation } from '../src/evaluation/perplexity/perplexity';
import { pseudoPerplexityEvaluation } from '../src/evaluation/pseudo-perplexity/pseudo-perplexity';
import { parseCommandLine } from './arguments';

const evaluations = [perplexityEvaluation, accuracyEvaluation, pseudoPerplexityEvaluation];

describe('parseCommandLine', () => {
  test('all options of one run', () => {
    const command = parseCommandLine(
      '--model m --recipe a.json --recipe b.json --calibrate text.txt --train tales.txt --state kept --evaluate perplexity=t=1.txt --evaluate accuracy=s.tsv --evaluate pseudo-perplexity=p.txt --window 128 --stride 64 --max-windows 4 --max-examples 9 --report out.json --export dir --self-test --latency'.split(
        ' ',
      ),
    );
    expect(command).toEqual({
      model: 'm',
      recipes: ['a.json', 'b.json'],
      calibrations: ['text.txt'],
      trainings: ['tales.txt'],
      state: 'kept',
      evaluations: [
        { id: 'perplexity', file: 't=1.txt', parameters: { window: 128, stride: 64, maxWindows: 4 } },
        { id: 'accuracy', file: 's.tsv', parameters: { maxExamples: 9 } },
        { id: 'pseudo-perplexity', file: 'p.txt', parameters: { window: 128 } },
      ],
      report: 'out.json',
      export: 'dir',
      selfTest: true,
      latency: true,
      runs: 5,
      prefill: undefined,
      decode: undefined,
    });
  });

  test('help needs no other option', () => {
    expect(parseCommandLine(['--help'])).toEqual({ helpOn: undefined });
    expect(parseCommandLine(['--help', 'gptq'])).toEqual({ helpOn: 'gptq' });
    expect(() => parseCommandLine(['gptq'])).toThrow("Unexpected argument 'gptq'");
  });

  test.each([
    ['', '--model DIR is missing'],
    ['--model m --windows 3', "Unknown option '--windows'"],
    [
      '--model m --evaluate bleu=x.txt',
      '--evaluate takes ID=FILE with perplexity, accuracy, pseudo-perplexity; it was given "bleu=x.txt".',
    ],
    ['--model m --evaluate perplexity', 'it was given "perplexity"'],
    [
      '--model m --evaluate perplexity=a.txt --evaluate perplexity=b.txt',
      '--evaluate perplexity=… is given twice; run the lab once for each text.',
    ],
    ['--model m --window -5', "'--window' argument is ambiguous"],
    ['--model m --state-limit 5', '--state-limit bounds the folder of --state DIR, which is missing'],
    ['--model m --state d --state-limit 0', '--state-limit takes a positive integer; it was given "0".'],
    ['--model m --window many', '--window takes a positive integer; it was given "many".'],
    [
      '--model m --evaluate perplexity=a.txt --max-windows 0',
      '--max-windows takes a positive integer; it was given "0".',
    ],
    [
      '--model m --evaluate accuracy=a.tsv --window 8',
      '--window belongs to --evaluate perplexity=… or pseudo-perplexity=…, which is missing; see --help.',
    ],
  ])('%j is refused in one line', (line, message) => {
    const parse = () => parseCommandLine(line.split(' ').filter(Boolean), evaluations);
    expect(parse).toThrow(message);
    expect(parse).not.toThrow('\n');
  });
});
