import { CHECKS, FIXES, startChecks } from './checks.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { runTool } from './tools.mjs';

ensureDependencies();
if (process.argv.includes('--fix')) {
  for (const [title, script, args] of CHECKS) {
    const toolArgs = FIXES[title] ? [...args.filter((arg) => arg !== '--check'), ...FIXES[title]] : args;
    if (runTool(script, toolArgs) !== 0) process.exitCode = 1;
  }
} else {
  for (const { result } of startChecks()) {
    const { status, output } = await result;
    process.stdout.write(output);
    if (status !== 0) process.exitCode = 1;
  }
}
