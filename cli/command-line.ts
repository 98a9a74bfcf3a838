import { type CommandLine, parseCommandLine, usage } from './arguments';

/**
 * Answers `--help` and usage errors at once, and calls `perform` for a run.
 * @returns the exit status: 0, or 1 after one line of error
 */
export async function runCommandLine(
  args: readonly string[],
  perform: (command: CommandLine) => Promise<number>,
): Promise<number> {
  try {
    const command = parseCommandLine(args);
    if (!('helpOn' in command)) return await perform(command);
    process.stdout.write(`${await helpText(command.helpOn)}\n`);
    return 0;
  } catch (error) {
    const { message } = error as Error;
    process.stderr.write(`lathe: ${message.replaceAll('\n', ' ')}\n`);
    return 1;
  }
}

/** Methods load all that computes, which the usage does without. */
async function helpText(method: string | undefined): Promise<string> {
  if (method === undefined) return usage();
  const { methodHelp } = await import('./method-help');
  return methodHelp(method);
}
