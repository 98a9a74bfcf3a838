import { describeParameters, type ParameterDescription } from '../parameters/describe-parameters';
import { METHOD_GROUPS } from './methods';
import { trains } from './recipe/recipe';

/** Description of a compression method for the page, the command line's help and docs/parameters.md. Plain data. */
export interface MethodDescription {
  readonly id: string;
  /** Title of its group: Pruning, Quantization, … */
  readonly group: string;
  readonly title: string;
  readonly paper: string;
  readonly summary: string;
  /** Initial targets of a new step. */
  readonly usualTargets?: readonly string[];
  /** By name, in the order of the form. */
  readonly parameters: Readonly<Record<string, ParameterDescription>>;
  /** Whether it may need calibration sequences. */
  readonly calibrates: boolean;
  /** Whether it needs a text to train on. */
  readonly trains: boolean;
}

/** Describes every method, in the order of the page. */
export function describeMethods(groups = METHOD_GROUPS): MethodDescription[] {
  return groups.flatMap(({ title: group, methods }) =>
    methods.map((method) => ({
      id: method.id,
      group,
      title: method.title,
      paper: method.paper,
      summary: method.summary,
      usualTargets: method.usualTargets,
      parameters: describeParameters(method.schema),
      calibrates: 'compressCalibrated' in method || 'needsCalibration' in method,
      trains: trains(method),
    })),
  );
}
