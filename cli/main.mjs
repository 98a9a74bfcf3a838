#!/usr/bin/env node
// The command line from a clone: installs and builds what is missing, then starts what was built.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt } from '../scripts/builds.mjs';
import { ensureDependencies } from '../scripts/dependencies.mjs';

ensureDependencies();
const folder = ensureBuilt('command-line');
await import(pathToFileURL(join(folder, 'lathe.mjs')).href);
