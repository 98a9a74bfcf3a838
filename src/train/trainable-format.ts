import type { LinearWeight } from '../weights/linear-weight';
import type { TrainableMatrix } from './trainable-matrix';

/**
 * Makes a weight trainable; formats with factors use it for each factor, in any format.
 * @param name module or factor; prefix of the parameter names
 */
export type MakeTrainable = (weight: LinearWeight, name: string) => Promise<TrainableMatrix>;

/** Training of weights in one format: one file in `formats/`, one line in `trainable-formats.ts`. */
export interface TrainableFormat {
  /** Id of the format in `weights/formats.ts`. */
  readonly id: string;
  /**
   * @param weight in this format; stays unchanged and may be disposed of afterwards
   * @param trainFactor makes its factors trainable
   */
  of(weight: LinearWeight, name: string, trainFactor: MakeTrainable): Promise<TrainableMatrix>;
}
