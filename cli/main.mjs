#!/usr/bin/env node
// The command line in a clone: installs and builds if necessary, then starts the built command.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt } from '../scripts/builds.mjs';
import { ensureDependencies } from '../scripts/dependencies.mjs';

ensureDependencies();
const folder = ensureBuilt('command-line');
await import(pathToFileURL(join(folder, 'lathe.mjs')).href);
