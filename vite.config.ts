import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  base: './',
  plugins: [react()],
  worker: { format: 'es' },
  build: { target: 'es2023', chunkSizeWarningLimit: 2000 },
  server: {
    port: 5173,
    // The command line watches nothing; null in its own options would be merged away. The others are thousands of files that
    // no source imports.
    watch: process.env.LATHE_CLI
      ? null
      : { ignored: ['**/bench/peers/**', '**/bench/cache/**', '**/.venv/**'] },
  },
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
