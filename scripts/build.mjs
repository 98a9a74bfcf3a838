// Builds what its argument names, `app` or `command-line`; with `--quiet` nothing but errors is printed.
import { build } from './builds.mjs';
import { ensureDependencies } from './dependencies.mjs';

ensureDependencies();
const [name, ...options] = process.argv.slice(2);
await build(name, options.includes('--quiet') ? 'error' : undefined);
