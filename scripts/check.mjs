import { CHECKS, FIXES } from './checks.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { runTool } from './tools.mjs';

ensureDependencies();
const fix = process.argv.includes('--fix');
for (const [title, script, args] of CHECKS) {
  const toolArgs = fix && FIXES[title] ? [...args.filter((arg) => arg !== '--check'), ...FIXES[title]] : args;
  if (runTool(script, toolArgs) !== 0) process.exitCode = 1;
}
