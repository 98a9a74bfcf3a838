import { BenchPage, describeAdapter } from './bench-page';
import { watchGpu } from './gpu-meter';
import { openContender } from './open-contender';
import { watchWebAssembly } from './webassembly-meter';

// The driver (bench/run.mjs) calls these functions, in one page for each contender. Everything else is imported on
// demand, so that no page contains code that it does not run.
const meter = watchGpu();
const webAssemblyBytes = watchWebAssembly();
const bench = {
  describeAdapter,
  webAssemblyBytes,
  openContender: async (kind: string, source: string) => {
    window.contender = new BenchPage(await openContender(kind, source), meter);
  },
  kernels: () => import('../kernels/bench-kernels'),
  lab: () => import('./compress-and-evaluate'),
};

declare global {
  interface Window {
    bench: typeof bench;
    /** The contender of this page, once the driver has opened it. */
    contender: BenchPage;
  }
}

window.bench = bench;
