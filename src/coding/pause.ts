/** Called often within a long computation; what it gives back is awaited before going on, and may throw to stop. */
export type Pause = () => Promise<void> | undefined;

/** Symbols between two pauses: about a millisecond. */
export const SYMBOLS_BETWEEN_PAUSES = 1 << 17;
