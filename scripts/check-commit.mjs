// Checks the subject of the commit message in the file named by git; run by the hook .githooks/commit-msg.
import { readFileSync } from 'node:fs';

const TYPES = ['feat', 'fix', 'refactor', 'perf', 'test', 'docs', 'build', 'chore', 'revert'];
const LONGEST = 72;

const [subject] = readFileSync(process.argv[2], 'utf8').split('\n');
const problem = problemOf(subject);
if (problem) {
  console.error(`The subject "${subject}" ${problem}.`);
  process.exitCode = 1;
}

function problemOf(text) {
  // Git writes these itself; the latter two disappear when they are squashed.
  if (/^(Merge|Revert|fixup!|squash!) /.test(text)) return undefined;
  if (text.length > LONGEST) return `has ${text.length} characters; ${LONGEST} at most`;
  const conventional = new RegExp(`^(${TYPES.join('|')})(\\([a-z-]+\\))?!?: \\S`);
  if (!conventional.test(text)) return `needs a type before it: one of ${TYPES.join(', ')}, and a colon`;
  return undefined;
}
