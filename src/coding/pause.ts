/** Called often within a long computation, which awaits the result; may throw to stop the computation. */
export type Pause = () => Promise<void> | undefined;

/** Symbols between two pauses: about a millisecond. */
export const SYMBOLS_BETWEEN_PAUSES = 1 << 17;
