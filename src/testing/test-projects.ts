import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseSync } from 'vite';

/** Packages that compute on a GPU. */
export const GPU_PACKAGES = /^(@tensorflow\/|webgpu$)/;

/** Test files in folders that import tfjs or Dawn, directly or indirectly; paths relative to `root`, sorted. */
export function gpuTests(root: string, folders: readonly string[]): string[] {
  const imports = new Map<string, string[]>();
  return folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) =>
        join(folder, path),
      ),
    )
    .filter((path) => /\.test\.tsx?$/.test(path) && reachesGpu(join(root, path), imports))
    .sort();
}

/**
 * Whether a module imports tfjs or Dawn, directly or indirectly. Type-only imports do not count.
 * @param imports cache of the modules' imports between calls
 */
export function reachesGpu(file: string, imports = new Map<string, string[]>()): boolean {
  const seen = new Set([file]);
  for (const module of seen) {
    const specifiers = imports.get(module) ?? importsOf(module);
    imports.set(module, specifiers);
    for (const specifier of specifiers) {
      if (GPU_PACKAGES.test(specifier)) return true;
      const source = specifier.startsWith('.') && sourceAt(join(dirname(module), specifier));
      if (source) seen.add(source);
    }
  }
  return false;
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const { staticImports, staticExports, dynamicImports } = parseSync(file, text).module;
  const isOfValues = ({ start, end }: { start: number; end: number }) =>
    !/^(import|export)\s+type\b/.test(text.slice(start, end));
  return [
    ...staticImports.filter(isOfValues).map(({ moduleRequest }) => moduleRequest.value),
    ...staticExports
      .filter(isOfValues)
      .flatMap(({ entries }) => entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? [])),
    ...dynamicImports.map(({ moduleRequest }) => text.slice(moduleRequest.start + 1, moduleRequest.end - 1)),
  ];
}

/** Source file that a relative import names; undefined for styles, JSON and WGSL. */
function sourceAt(path: string): string | undefined {
  return [path, `${path}.ts`, `${path}.tsx`].find(
    (candidate) => /\.(tsx?|mjs)$/.test(candidate) && existsSync(candidate),
  );
}
