import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';
import type { InlineConfig } from 'vitest/node';
import { defineConfig, mergeConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { GPU_PACKAGES, gpuTests } from './src/testing/test-projects.ts';
import viteConfig from './vite.config.ts';

// The package computes in processes of its own, which the imports of its test do not show.
const onGpu = [...gpuTests(import.meta.dirname, ['src', 'cli', 'docs']), 'cli/package.test.ts'];

/** Mocks of modules take hold as modules are loaded, so these tests load them anew. */
const mocking = onGpu.filter((path) => readFileSync(path, 'utf8').includes('vi.mock('));

/** Holds pure tests to what their imports say, where tfjs is loaded in a way that they do not show. */
const pure: Plugin = {
  name: 'lathe:pure',
  enforce: 'pre',
  resolveId(source, importer) {
    if (!GPU_PACKAGES.test(source)) return;
    throw new Error(
      `${importer} loads ${source} in a test that runs without a device; import it where src/testing/test-projects.ts sees it, or, while watching, start again.`,
    );
  },
};

export default mergeConfig(
  viteConfig,
  defineConfig({
    test: {
      environment: 'node',
      testTimeout: 60_000,
      hookTimeout: 60_000,
      // Two workers keep a small machine busy without starving it.
      maxWorkers: 2,
      coverage: { include: ['src/**/*.{ts,tsx}', 'cli/**/*.ts'], exclude: ['src/testing/**'] },
      projects: [
        {
          extends: true,
          plugins: [pure],
          test: {
            name: 'pure',
            include: ['src/**/*.test.{ts,tsx}', 'cli/**/*.test.ts', 'docs/**/*.test.ts', 'bench/*.test.mjs'],
            exclude: onGpu,
            pool: 'threads',
            isolate: false,
          },
        },
        gpuProject('gpu', { include: onGpu, exclude: mocking, isolate: false }),
        gpuProject('gpu, mocking', { include: mocking }),
      ],
    },
  }),
);

/** A process for each worker, with one device for all of its files where they share modules: compiling kernels takes longest. */
function gpuProject(name: string, test: InlineConfig): TestProjectInlineConfiguration {
  return { extends: true, test: { name, setupFiles: ['src/testing/setup.ts'], pool: 'forks', ...test } };
}
