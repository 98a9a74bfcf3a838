// Builds the target in its argument, `app` or `command-line`; with `--quiet` it prints only errors.
import { build } from './builds.mjs';
import { ensureDependencies } from './dependencies.mjs';

ensureDependencies();
const [name, ...options] = process.argv.slice(2);
await build(name, options.includes('--quiet') ? 'error' : undefined);
