import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  base: './',
  plugins: [react()],
  worker: { format: 'es' },
  build: { target: 'es2023', chunkSizeWarningLimit: 2000 },
  // The scan for dependencies to bundle follows no `new Worker`: without the worker, the first load would find them too late.
  optimizeDeps: { entries: ['index.html', 'src/lab/worker/lab.worker.ts'] },
  // Thousands of files that no source imports.
  server: { watch: { ignored: ['**/bench/peers/**', '**/bench/cache/**', '**/.venv/**'] } },
  test: {
    include: ['src/**/*.test.{ts,tsx}', 'cli/**/*.test.ts', 'bench/**/*.test.mjs'],
    environment: 'node',
    setupFiles: ['src/testing/setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One Dawn instance a worker process; two keep a small machine busy without starving it.
    pool: 'forks',
    maxWorkers: 2,
  },
});
