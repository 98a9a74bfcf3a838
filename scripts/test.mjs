import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChecks } from './checks.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { runTool } from './tools.mjs';

ensureDependencies();
const { browserTestEnvironment } = await import('./browser.mjs');

const reports = mkdtempSync(join(tmpdir(), 'lathe-test-'));
const environment = { ...(await browserTestEnvironment()), FORCE_COLOR: '0' };
console.log(`Browser: ${environment.LATHE_BROWSER}`);

const total = { passed: 0, failed: 0 };
for (const { title, result } of startChecks()) {
  const { status, output } = await result;
  console.log(`\n— ${title}\n${output.trimEnd()}`);
  if (status === 0) total.passed++;
  else total.failed++;
}
suite('unit tests', 'vitest/vitest.mjs', ['run', '--reporter=default', '--reporter=json'], {
  report: 'unit.json',
  fileArgument: (path) => [`--outputFile.json=${path}`],
  count: ({ numPassedTests, numTotalTests }) => ({
    passed: numPassedTests,
    failed: numTotalTests - numPassedTests,
  }),
});
suite('browser tests', '@playwright/test/cli.js', ['test', '-c', 'e2e', '--reporter=list,json'], {
  report: 'browser.json',
  environment: (path) => ({ PLAYWRIGHT_JSON_OUTPUT_FILE: path }),
  count: ({ stats }) => ({ passed: stats.expected + stats.flaky, failed: stats.unexpected + stats.skipped }),
});
rmSync(reports, { recursive: true, force: true });
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;

/** A test runner whose JSON report is counted; a run without a readable report is one failure. */
function suite(name, script, args, { report, fileArgument, environment: extra, count }) {
  console.log(`\n— ${name}`);
  const path = join(reports, report);
  const status = run(script, [...args, ...(fileArgument?.(path) ?? [])], extra?.(path) ?? {});
  const counted = readCounts(path, count);
  total.passed += counted.passed;
  total.failed += counted.failed;
  // A crash outside any test, or a suite without tests, must not count as a pass.
  if ((status !== 0 && counted.failed === 0) || counted.passed + counted.failed === 0) total.failed++;
}

function readCounts(path, count) {
  try {
    return count(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return { passed: 0, failed: 0 };
  }
}

function run(script, args, extra) {
  return runTool(script, args, { ...environment, ...extra });
}
