#!/usr/bin/env node
// The built command `lathe`: it answers requests that need no lab, and starts the lab for the others.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { gpuEnvironment } from '../scripts/gpu-environment.mjs';
import { runCommandLine } from './command-line';

const args = process.argv.slice(2);
process.exitCode = await runCommandLine(args, async () => {
  // The Vulkan loader reads its environment when the process starts, so the lab runs in a separate process.
  const lab = join(import.meta.dirname, 'lab.mjs');
  const { status } = spawnSync(process.execPath, [lab, ...args], { stdio: 'inherit', env: gpuEnvironment() });
  return status ?? 1;
});
