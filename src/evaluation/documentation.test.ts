import { expect, test } from 'vitest';
import { describeParameters } from '../parameters/describe-parameters';
import type { Evaluation } from './evaluation';
import { EVALUATIONS } from './evaluations';
import { figuresOf, standardErrorKey } from './figures';

const code = (text: string) => `\`${text}\``;

const table = (heads: readonly string[], rows: readonly (readonly string[])[]) =>
  [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const section = ({ id, title, summary, tasks, data, parameters, figures: [main] }: Evaluation) => `## ${title}

${summary} Its id is ${code(id)}; it measures ${tasks.map(code).join(', ')} models on ${data.map(code).join(' or ')} data.
In a report, ${code(`${main.id}Count`)} is the number of scored predictions or examples, and ${code(`${main.id}Protocol`)} describes the data and how it was split.

${table(
  ['parameter', 'meaning'],
  Object.entries(describeParameters(parameters)).map(([name, { help }]) => [code(name), help]),
)}`;

const figures = table(
  ['figure', 'standard error', 'reported by', 'better', 'meaning'],
  figuresOf(EVALUATIONS).map((figure) => [
    code(figure.id),
    figure.interval ? code(standardErrorKey(figure.id)) : '–',
    EVALUATIONS.filter((evaluation) => evaluation.figures.includes(figure))
      .map(({ id }) => code(id))
      .join(', '),
    figure.better ?? '–',
    figure.hint,
  ]),
);

test('docs/evaluations.md matches the registry', async () => {
  const document = `# Evaluations

This file is written from the registry: \`npx vitest run src/evaluation/documentation.test.ts -u\`.

${EVALUATIONS.map(section).join('\n\n')}

## Figures

Keys of \`metrics\` in a report. Divergences are KL(base ‖ variant) over the scored predictions; figures against the base are
absent for the base, and for variants of another task.

${figures}
`;
  await expect(document).toMatchFileSnapshot('../../docs/evaluations.md');
});
