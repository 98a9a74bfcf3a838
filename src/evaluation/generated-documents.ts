import { describeParameters } from '../parameters/describe-parameters';
import { markdownTable } from '../parameters/markdown-table';
import type { Evaluation } from './evaluation';
import { EVALUATIONS } from './evaluations';
import { figuresOf, standardErrorKey } from './figures';

/** Files that `npm run docs` writes from the evaluations' declarations: their texts by their paths in the repository. */
export function generatedDocuments(): Readonly<Record<string, string>> {
  return { 'docs/evaluations.md': evaluationsDocument(EVALUATIONS) };
}

function evaluationsDocument(evaluations: readonly Evaluation[]): string {
  return `# Evaluations

Written by \`npm run docs\` from the declarations of the evaluations.

${evaluations.map(section).join('\n\n')}

## Figures

Keys of \`metrics\` in a report. Divergences are KL(base ‖ variant) over the scored predictions; figures against the base are
absent for the base, and for variants of another task.

${figuresTable(evaluations)}
`;
}

const code = (text: string) => `\`${text}\``;

const section = ({ id, title, summary, tasks, data, parameters, figures: [main] }: Evaluation) => `## ${title}

${summary} Its id is ${code(id)}; it measures ${tasks.map(code).join(', ')} models on ${data.map(code).join(' or ')} data.
In a report, ${code(`${main.id}Count`)} is the number of scored predictions or examples, and ${code(`${main.id}Protocol`)} describes the data and how it was split.

${markdownTable(
  ['parameter', 'meaning'],
  Object.entries(describeParameters(parameters)).map(([name, { help }]) => [code(name), help]),
)}`;

function figuresTable(evaluations: readonly Evaluation[]): string {
  return markdownTable(
    ['figure', 'standard error', 'reported by', 'better', 'meaning'],
    figuresOf(evaluations).map((figure) => [
      code(figure.id),
      figure.interval ? code(standardErrorKey(figure.id)) : '–',
      evaluations
        .filter(({ figures }) => figures.includes(figure))
        .map(({ id }) => code(id))
        .join(', '),
      figure.better ?? '–',
      figure.hint,
    ]),
  );
}
