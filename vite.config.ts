import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  plugins: [react()],
  worker: { format: 'es' },
  build: { target: 'es2023', chunkSizeWarningLimit: 2000 },
  // The scan for dependencies to bundle follows no `new Worker`: without the worker, the first load would find them too late.
  optimizeDeps: { entries: ['index.html', 'src/lab/worker/lab.worker.ts'] },
  // Thousands of files that no source imports.
  server: { watch: { ignored: ['**/bench/peers/**', '**/bench/cache/**', '**/.venv/**'] } },
});
