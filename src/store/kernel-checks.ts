import { describeWrongKernels } from '../lab/report/wrong-kernels';
import { type LabContext, notify } from './lab-store';

/** Checks the kernels of a newly opened device against the CPU in the background; failures become a notice. */
export async function checkKernels(context: LabContext): Promise<void> {
  const { store, lab } = context;
  const { device } = store.getState();
  try {
    const kernelChecks = await lab.selfTest();
    if (store.getState().device !== device) return;
    store.setState({ kernelChecks });
    const problem = describeWrongKernels(kernelChecks);
    if (problem) notify(context, 'error', problem);
  } catch {
    // The device was lost meanwhile; the next device is checked when it is opened.
  }
}
