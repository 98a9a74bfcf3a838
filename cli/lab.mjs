// The process of a run, as it is built.
import { runCommandLine } from './command-line';
import { run } from './run';

const status = await runCommandLine(process.argv.slice(2), run);
// On some systems a pipe takes its bytes later; leaving now would cut the document.
await new Promise((resolve) => process.stdout.write('', resolve));
// Dawn keeps the event loop alive.
process.exit(status);
