import { describeWrongKernels } from '../lab/report/wrong-kernels';
import { type LabContext, notify } from './lab-store';

/** Has the kernels of the device that was just opened held against the CPU, in the background; what is wrong becomes a notice. */
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
    // The device was lost meanwhile: the next one is checked when it is opened.
  }
}
