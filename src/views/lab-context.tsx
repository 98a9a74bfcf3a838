import { createContext, useContext } from 'react';
import { useStore } from 'zustand';
import type { LabState } from '../store/lab-state';
import type { LabContext } from '../store/lab-store';

export const LabReactContext = createContext<LabContext | undefined>(undefined);

/** The lab and its store, for actions. */
export function useLabContext(): LabContext {
  const context = useContext(LabReactContext);
  if (!context) throw new Error('This component stands outside the lab.');
  return context;
}

/** A part of the state; the component draws again when just this changes. */
export function useLab<T>(select: (state: LabState) => T): T {
  return useStore(useLabContext().store, select);
}
