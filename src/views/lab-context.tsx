import { createContext, useContext } from 'react';
import { useStore } from 'zustand';
import type { LabState } from '../store/lab-state';
import type { LabContext } from '../store/lab-store';

export const LabReactContext = createContext<LabContext | undefined>(undefined);

/** Returns the lab and its store, for actions. */
export function useLabContext(): LabContext {
  const context = useContext(LabReactContext);
  if (!context) throw new Error('This component is not inside a lab provider.');
  return context;
}

/** Selects a part of the state; the component renders again only when it changes. */
export function useLab<T>(select: (state: LabState) => T): T {
  return useStore(useLabContext().store, select);
}
