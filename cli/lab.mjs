// The built process of a run.
import { runCommandLine } from './command-line';
import { run } from './run';

const status = await runCommandLine(process.argv.slice(2), run);
// On some systems a pipe is flushed later; exiting now would truncate the document.
await new Promise((resolve) => process.stdout.write('', resolve));
// Dawn keeps the event loop alive.
process.exit(status);
