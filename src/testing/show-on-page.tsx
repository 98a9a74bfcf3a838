import { render } from '@testing-library/react';
import { userEvent, type UserEvent } from '@testing-library/user-event';
import type { ReactNode } from 'react';
import type { Lab } from '../lab/protocol/protocol';
import type { LabState } from '../store/lab-state';
import { createLabStore, type LabContext } from '../store/lab-store';
import { LabReactContext } from '../views/lab-context';

/**
 * Draws a part of the page in a document, as it is in the given state.
 * @param state what differs from the page before anything is loaded
 * @param lab the operations that the test expects to be asked for
 */
export function showOnPage(
  content: ReactNode,
  state: Partial<LabState> = {},
  lab: Partial<Lab> = {},
): LabContext & { readonly user: UserEvent } {
  const context: LabContext = { store: createLabStore(state), lab: lab as Lab };
  render(<LabReactContext value={context}>{content}</LabReactContext>);
  return { ...context, user: userEvent.setup() };
}
