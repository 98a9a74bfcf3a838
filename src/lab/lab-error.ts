/** Explains in one sentence why the lab cannot do something now and what would work. */
export class LabError extends Error {
  override readonly name = 'LabError';
}
