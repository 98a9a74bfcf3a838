import { useState } from 'react';

/**
 * The text of a control whose value is something else: what was typed stays as typed as long as it means the value, and
 * gives way when the value is changed from elsewhere.
 *
 * @param shown the value as text
 * @param normalize typed text as `shown` would write it
 */
export function useText(
  shown: string,
  normalize: (typed: string) => string,
): [string, (typed: string) => void] {
  const [typed, setTyped] = useState(shown);
  return [normalize(typed) === shown ? typed : shown, setTyped];
}
