import { useState } from 'react';

/**
 * Text state of a control for a typed value. Typed text stays as typed while it parses to the value, and is replaced
 * when the value changes elsewhere.
 *
 * @param shown the value as text
 * @param normalize rewrites typed text as `shown` would be written
 */
export function useText(
  shown: string,
  normalize: (typed: string) => string,
): [string, (typed: string) => void] {
  const [typed, setTyped] = useState(shown);
  return [normalize(typed) === shown ? typed : shown, setTyped];
}
