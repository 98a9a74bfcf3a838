import { startTool } from './tools.mjs';

/** Static checks, as title, script (its path from node_modules) and arguments: `npm run check` runs them, and `npm test` before its suites. */
export const CHECKS = [
  ['types', 'typescript/bin/tsc', ['--noEmit']],
  ['lint', 'eslint/bin/eslint.js', ['.', '--max-warnings', '0']],
  [
    'imports',
    'dependency-cruiser/bin/dependency-cruise.mjs',
    ['src', 'cli', 'bench', 'e2e', 'scripts', 'docs', '--config', '.dependency-cruiser.mjs'],
  ],
  ['dependencies', '../scripts/dependency-notes.mjs', ['--check']],
  ['format', 'prettier/bin/prettier.cjs', ['--check', '.', '--log-level', 'warn']],
];

/** Arguments with which a check corrects what it can. */
export const FIXES = { lint: ['--fix'], dependencies: ['--write'], format: ['--write'] };

/** Starts all checks together. @returns {{ title: string, result: Promise<{ status: number, output: string }> }[]} */
export const startChecks = () =>
  CHECKS.map(([title, script, args]) => ({ title, result: startTool(script, args) }));
