import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../scripts/dependencies.mjs';
import { describeResults } from './describe-results.mjs';
import { evaluateRatios } from './ratios.mjs';

const README = join(ROOT, 'bench', 'README.md');
/** The newest tables follow this marker. */
const TABLES = '<!-- tables -->\n';
/** Contenders that compute in float32 and must generate the same tokens. */
const FLOAT32 = ['lathe-dense', 'tfjs', 'transformers-fp32'];

/**
 * Results to which this run is added: none, or with `--add` those of the last run.
 * @throws {Error} if those were measured on another adapter
 */
export function earlierResults({ add, output }, adapter) {
  const path = join(output, 'latest.json');
  if (!add || !existsSync(path)) return { models: {} };
  const earlier = JSON.parse(readFileSync(path, 'utf8'));
  if (earlier.adapter.name !== adapter.name) {
    throw new Error(
      `${path} was measured on ${earlier.adapter.name}, this machine has ${adapter.name}; leave --add out.`,
    );
  }
  return earlier.results;
}

/**
 * Writes `latest.json` and `latest.md`.
 * @returns {{ document: object, text: string }} the JSON document and the Markdown
 */
export function publish(results, { adapter, browser, missing }, options) {
  const rows = evaluateRatios({ ...results, adapter });
  const document = {
    recordedAt: new Date().toISOString(),
    adapter,
    browser,
    rounds: options.rounds,
    quick: options.quick,
    peers: peerVersions(),
    ratios: Object.fromEntries(
      rows.filter(({ value }) => value !== undefined).map(({ key, value }) => [key, value]),
    ),
    rows,
    missing: [...missing, ...leftOut(results, options)],
    differences: differentContinuations(results),
    results,
  };
  const text = describeResults(document);
  mkdirSync(options.output, { recursive: true });
  writeFileSync(join(options.output, 'latest.json'), `${JSON.stringify(document, undefined, 2)}\n`);
  writeFileSync(join(options.output, 'latest.md'), text);
  if (options.record) recordTables(text);
  return { document, text };
}

function recordTables(text) {
  const [explanation] = readFileSync(README, 'utf8').split(TABLES);
  writeFileSync(README, `${explanation}${TABLES}\n${text}`);
}

/** A sentence for each float32 contender whose continuation differs from Lathe's. */
function differentContinuations({ models }) {
  return Object.values(models).flatMap(({ title, contenders }) => {
    const [own, ...others] = FLOAT32.map((key) => contenders[key]).filter((figures) => figures?.ids);
    return others.flatMap((other) => {
      const place = other.ids.findIndex((id, index) => id !== own.ids[index]);
      return place < 0 ? [] : [`${other.title} on ${title}: another token at place ${place + 1}.`];
    });
  });
}

/** Commands that measure the missing results. */
function leftOut(results, { quick, baseline }) {
  const lines = [];
  if (!results.models.large) lines.push('GPT-2 (124 M): run without --quick and --models demo.');
  if (!results.factorization) {
    lines.push(
      quick
        ? 'The factorizations: run without --quick.'
        : 'The factorizations: run the part with a Python that has NumPy (--python).',
    );
  }
  if (!results.lab && !baseline) {
    lines.push(
      'The first version: name a checkout of it by --baseline (bench/README.md says how to make it).',
    );
  }
  return lines;
}

function peerVersions() {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'bench', 'peers', 'package-lock.json'), 'utf8'));
  return Object.fromEntries(
    ['@huggingface/transformers', 'onnxruntime-web'].map((name) => [
      name,
      packages[`node_modules/${name}`].version,
    ]),
  );
}
