import { describeMethods } from '../src/compression/method-descriptions';
import { defaultInWords, valuesInWords } from '../src/parameters/parameter-in-words';
import { UsageError } from './usage-error';

/** Text of `--help METHOD`. @throws UsageError naming the methods where there is no such one */
export function methodHelp(id: string): string {
  const methods = describeMethods();
  const method = methods.find((each) => each.id === id);
  if (!method) {
    const known = methods.map((each) => each.id).join(', ');
    throw new UsageError(`--help takes a method, and there is no "${id}"; there are ${known}.`);
  }
  const parameters = Object.entries(method.parameters);
  const width = Math.max(...parameters.map(([name]) => name.length));
  const lines = parameters.map(
    ([name, parameter]) =>
      `  ${name.padEnd(width)}  ${defaultInWords(parameter)} (${valuesInWords(parameter)})\n  ${' '.repeat(width)}  ${parameter.help}`,
  );
  return [
    `${method.id}: ${method.title}`,
    method.summary,
    method.paper,
    ['"parameters" of a step, with their defaults and values:', ...lines].join('\n'),
  ].join('\n\n');
}
