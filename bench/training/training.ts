/** One that trains: a step of it, and its loss before that step. */
export interface Training {
  step(): Promise<number>;
  dispose(): void;
}
