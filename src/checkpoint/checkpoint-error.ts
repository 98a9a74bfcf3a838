/** Problem with a checkpoint: one sentence that names the file or tensor and says what would work. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
}
