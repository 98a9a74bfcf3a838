// The unit tests, once or as files change: unit.mjs run|watch [pure|gpu] [files and options of vitest].
import { ensureDependencies } from './dependencies.mjs';
import { runTool } from './tools.mjs';

ensureDependencies();
const { unitTestEnvironment } = await import('./browser.mjs');

const [mode, ...rest] = process.argv.slice(2);
const project = ['pure', 'gpu'].includes(rest[0]) ? rest.shift() : undefined;
// The Vulkan loader reads its environment when a process starts, so vitest and its workers start with it.
const environment = project === 'pure' ? process.env : await unitTestEnvironment();
process.exitCode = runTool(
  'vitest/vitest.mjs',
  [mode, ...(project ? ['--project', `${project}*`] : []), ...rest],
  environment,
);
