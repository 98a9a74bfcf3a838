/** Place in a list of arguments. */
export interface Place {
  readonly argument: number;
  /** Name of a member of that argument, an object; absent: the argument itself. */
  readonly member?: string;
}

export interface ExtractedArguments {
  /** Arguments without their functions and signals. */
  readonly data: readonly unknown[];
  readonly callbacks: readonly { readonly place: Place; readonly call: (...args: unknown[]) => unknown }[];
  readonly signals: readonly { readonly place: Place; readonly signal: AbortSignal }[];
}

/**
 * Extracts functions and signals from arguments, whether they are arguments themselves or members of plain objects. A member
 * is called as a method of its object.
 */
export function extractCallbacks(args: readonly unknown[]): ExtractedArguments {
  const callbacks: ExtractedArguments['callbacks'][number][] = [];
  const signals: ExtractedArguments['signals'][number][] = [];
  /** Extracts a value; returns whether it did. */
  const takes = (value: unknown, place: Place, owner?: object) => {
    if (value instanceof AbortSignal) signals.push({ place, signal: value });
    else if (typeof value === 'function') callbacks.push({ place, call: value.bind(owner) });
    else return false;
    return true;
  };
  const data = args.map((value, argument) => {
    if (takes(value, { argument })) return undefined;
    if (!isPlainObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).filter(([member, part]) => !takes(part, { argument, member }, value)),
    );
  });
  return { data, callbacks, signals };
}

/** Restores values at their places among the arguments. */
export function restoreArguments(
  data: readonly unknown[],
  parts: readonly { readonly place: Place; readonly value: unknown }[],
): unknown[] {
  const args = [...data];
  for (const { place, value } of parts) {
    const { argument, member } = place;
    args[argument] =
      member === undefined ? value : { ...(args[argument] as Record<string, unknown>), [member]: value };
  }
  return args;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
