import { describeParameters, type ParameterDescription } from '../parameters/describe-parameters';
import { METHOD_GROUPS } from './methods';
import { trains } from './recipe/recipe';

/** A compression method as people read of it: on the page, in the command line's help, in docs/parameters.md. Plain data. */
export interface MethodDescription {
  readonly id: string;
  /** Title of its group: Pruning, Quantization, … */
  readonly group: string;
  readonly title: string;
  readonly paper: string;
  readonly summary: string;
  /** Targets that a step of it begins with. */
  readonly usualTargets?: readonly string[];
  /** By name, in the order of the form. */
  readonly parameters: Readonly<Record<string, ParameterDescription>>;
  /** It may need calibration sequences. */
  readonly calibrates: boolean;
  /** It needs a text to train on. */
  readonly trains: boolean;
}

/** Describes every method, in the order in which the page offers them. */
export function describeMethods(): MethodDescription[] {
  return METHOD_GROUPS.flatMap(({ title: group, methods }) =>
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
