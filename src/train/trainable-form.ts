import type { LinearWeight } from '../weights/linear-weight';
import type { TrainableMatrix } from './trainable-matrix';

/**
 * Makes what trains of a weight: of a factor, in a form that has such, whatever form it is in.
 * @param name of the module or factor, which the names of the parameters begin with
 */
export type MakeTrainable = (weight: LinearWeight, name: string) => Promise<TrainableMatrix>;

/** How weights of one form train: one file in `forms/`, one line in `trainable-forms.ts`. */
export interface TrainableForm {
  /** Id of the form in `weights/weight-forms.ts`. */
  readonly form: string;
  /**
   * @param weight of this form; stays as it is, and may be disposed of afterwards
   * @param ofFactor for its factors
   */
  of(weight: LinearWeight, name: string, ofFactor: MakeTrainable): Promise<TrainableMatrix>;
}
