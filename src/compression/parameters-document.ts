import { z } from 'zod';
import { describeParameters, type ParameterDescription } from '../parameters/describe-parameters';
import { markdownTable } from '../parameters/markdown-table';
import { defaultInWords, valuesInWords } from '../parameters/parameter-in-words';
import { trainingParameters } from '../train/training-settings';
import type { MethodDescription } from './method-descriptions';

const INTRODUCTION = `# Parameters

Written by \`npm run docs\` from the declarations of the methods. A step of a recipe gives what differs from the defaults, as
\`"parameters": {"name": value}\`; \`npm run lab -- --help METHOD\` says the same, and [recipe.schema.json](../public/recipe.schema.json)
says it to editors. What a method does, and what it costs, is in [methods.md](methods.md).`;

/** Markdown of docs/parameters.md: a table for each method; what all that train have in common stands once. */
export function parametersDocument(methods: readonly MethodDescription[]): string {
  const training = describeParameters(z.object(trainingParameters()));
  const groups = [...new Set(methods.map(({ group }) => group))].map((group) => [
    `## ${group}`,
    ...methods.filter((method) => method.group === group).map((method) => methodSection(method, training)),
  ]);
  const trainingSection = `## Training\n\nOf every method that trains, unless its own table says otherwise.\n\n${table(training)}`;
  return `${[INTRODUCTION, ...groups.flat(), trainingSection].join('\n\n')}\n`;
}

type Parameters = MethodDescription['parameters'];

function methodSection({ id, title, summary, parameters, trains }: MethodDescription, training: Parameters) {
  const own = Object.entries(parameters).filter(([name, each]) => !isSame(each, training[name]));
  const lines = [`### ${title}`, `\`${id}\`: ${summary}`];
  if (own.length > 0) lines.push(table(Object.fromEntries(own)));
  if (trains)
    lines.push(own.length > 0 ? 'And those of [training](#training).' : 'Those of [training](#training).');
  return lines.join('\n\n');
}

function isSame(one: ParameterDescription, other: ParameterDescription | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function table(parameters: Parameters): string {
  return markdownTable(
    ['Parameter', 'Default', 'Values', 'What it does'],
    Object.entries(parameters).map(([name, parameter]) => [
      `\`${name}\``,
      defaultInWords(parameter),
      valuesInWords(parameter),
      parameter.help,
    ]),
  );
}
