/** A trainable contender: performs one step and returns its loss before that step. */
export interface Training {
  step(): Promise<number>;
  dispose(): void;
}
