import type { LinearWeight } from '../weights/linear-weight';
import type { TrainableMatrix } from './trainable-matrix';

/**
 * Makes what trains of a weight: of a factor, in a format that has such, whatever format it is in.
 * @param name of the module or factor, which the names of the parameters begin with
 */
export type MakeTrainable = (weight: LinearWeight, name: string) => Promise<TrainableMatrix>;

/** How weights of one format train: one file in `formats/`, one line in `trainable-formats.ts`. */
export interface TrainableFormat {
  /** Id of the format in `weights/formats.ts`. */
  readonly id: string;
  /**
   * @param weight of this format; stays as it is, and may be disposed of afterwards
   * @param ofFactor for its factors
   */
  of(weight: LinearWeight, name: string, ofFactor: MakeTrainable): Promise<TrainableMatrix>;
}
