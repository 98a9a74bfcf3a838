// Serves the built app, or with `--dev` its sources with hot reload.
import { parseArgs } from 'node:util';
import { ensureBuilt } from './builds.mjs';
import { ensureDependencies, ROOT } from './dependencies.mjs';

const DEFAULT_PORT = 5173;

const { dev, host, port } = readOptions();
ensureDependencies();
const { createServer, preview } = await import('vite');
const hasDisplay =
  process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
const serving = {
  host,
  port: port ?? DEFAULT_PORT,
  strictPort: port !== undefined,
  open: hasDisplay && !process.env.CI,
};

try {
  const server = dev ? await serveSources() : await serveBuilt();
  const { local, network } = server.resolvedUrls;
  for (const address of [...local, ...network]) console.log(address);
} catch (error) {
  if (!/^Port \d+ is already in use/.test(error.message)) throw error;
  fail(
    `Port ${port} is in use; choose another, or leave --port out for the next free one from ${DEFAULT_PORT}.`,
  );
}

async function serveSources() {
  const server = await createServer({ root: ROOT, logLevel: 'warn', server: serving });
  return server.listen();
}

function serveBuilt() {
  const outDir = ensureBuilt('app');
  return preview({ configFile: false, root: ROOT, logLevel: 'error', build: { outDir }, preview: serving });
}

function readOptions() {
  const { values } = parseOptions();
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536))
    fail(`--port takes a number from 1 to 65535; it was given "${values.port}".`);
  return { ...values, port };
}

function parseOptions() {
  try {
    return parseArgs({
      options: { dev: { type: 'boolean' }, host: { type: 'boolean' }, port: { type: 'string' } },
    });
  } catch (error) {
    return fail(`${error.message.split('. ')[0]}; npm start takes --host and --port N, behind --.`);
  }
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
