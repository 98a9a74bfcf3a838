// Builds what its argument names: `app` or `command-line`.
import { build } from './builds.mjs';
import { ensureDependencies } from './dependencies.mjs';

ensureDependencies();
await build(process.argv[2]);
