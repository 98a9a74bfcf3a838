#!/usr/bin/env node
import { ensureDependencies, ROOT } from '../scripts/dependencies.mjs';

ensureDependencies();
const { FORMATS } = await import('./formats.mjs');
const { parseOptions, USAGE } = await import('./options.mjs');
const { runBench } = await import('./run-bench.mjs');

try {
  const options = parseOptions(
    process.argv.slice(2),
    ROOT,
    FORMATS.map(({ key }) => key),
  );
  if (options.help) console.log(USAGE);
  else await runBench(options);
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
}
