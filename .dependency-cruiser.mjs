/**
 * Who may import whom: the one table of import rules, type-only imports included. `npm run check` enforces it.
 *
 * A room is a folder; a room inside another has its own line. A room may import itself, the rooms of its line, and no others.
 */
const ROOMS = {
  'src/progress': [],
  'src/parameters': [],
  'src/checkpoint': [],
  'src/coding': [],
  // The files of a tokenizer are those that a checkpoint's reader found.
  'src/tokenizer': ['src/checkpoint', 'src/progress'],
  'src/linalg': [],
  'src/engines/webgpu': [],
  'src/engines/webgpu/kernels/wgsl': ['src/engines/webgpu'],
  'src/engines/webgpu/kernels/layers': ['src/engines/webgpu', 'wgsl'],
  'src/engines/webgpu/kernels/attention': ['src/engines/webgpu', 'wgsl'],
  'src/engines/webgpu/kernels/sampling': ['src/engines/webgpu', 'wgsl'],
  'src/engines/webgpu/kernels/training': ['src/engines/webgpu', 'wgsl'],
  'src/engines/webgpu/kernels/losses': ['src/engines/webgpu', 'wgsl', 'attention'],
  'src/engines/webgpu/kernels/products': ['src/engines/webgpu', 'wgsl', 'layers'],
  'src/engines/webgpu/kernels/formats': ['src/engines/webgpu', 'wgsl', 'products'],
  'src/engines/webgpu/kernels/contraction': ['src/engines/webgpu', 'wgsl', 'products'],
  'src/weights': ['src/linalg', 'src/checkpoint', 'src/coding', 'engine'],
  'src/model': ['src/weights', 'src/checkpoint', 'src/progress', 'engine'],
  'src/train': ['src/model', 'src/weights', 'src/linalg', 'src/checkpoint', 'src/parameters', 'engine'],
  'src/compression': [
    'src/train',
    'src/model',
    'src/weights',
    'src/linalg',
    'src/checkpoint',
    'src/progress',
    'src/parameters',
    'engine',
  ],
  // Evaluations run models through an interface: the page and the command line read them without an engine.
  'src/evaluation': ['src/model', 'src/tokenizer', 'src/progress', 'src/parameters'],
  'src/evaluation/latency': ['src/evaluation', 'src/model', 'src/progress', 'engine'],
  'src/evaluation/models': ['src/evaluation', 'src/model', 'src/tokenizer', 'engine'],
  'src/export': ['src/compression', 'src/model', 'src/weights', 'src/checkpoint', 'src/progress', 'engine'],
  'src/self-test': ['src/weights', 'src/linalg', 'engine'],
  'src/lab': [
    'src/export',
    'src/self-test',
    'src/evaluation',
    'src/evaluation/latency',
    'src/evaluation/models',
    'src/compression',
    'src/train',
    'src/model',
    'src/weights',
    'src/linalg',
    'src/tokenizer',
    'src/checkpoint',
    'src/progress',
    'src/parameters',
    'engine',
  ],
  'src/store': ['lab-surface'],
  'src/views': ['src/store', 'lab-surface'],
  'src/testing': ['src'],
  cli: ['src/lab', 'src/compression', 'src/evaluation', 'src/parameters', 'src/engines/webgpu', 'scripts'],
  scripts: [],
  bench: ['src', 'cli', 'scripts'],
  e2e: ['src/lab'],
  // Examples: they import what their place in src/ would, and nothing imports them.
  'docs/tutorials': ['src'],
};

/** Names that stand for several rooms, or for some files of one. */
const ALIASES = {
  wgsl: ['src/engines/webgpu/kernels/wgsl/'],
  layers: ['src/engines/webgpu/kernels/layers/'],
  attention: ['src/engines/webgpu/kernels/attention/'],
  products: ['src/engines/webgpu/kernels/products/'],
  engine: ['src/engines/'],
  // What the page sees of the lab: its interface, its client, and pure functions of its results and of files' first bytes.
  'lab-surface': [
    'src/checkpoint/file-kind\\.ts$',
    'src/lab/protocol/',
    'src/lab/worker/lab-client\\.ts$',
    'src/evaluation/(divergence|evaluation|evaluations|figures)\\.ts$',
    'src/parameters/describe-parameters\\.ts$',
    // Pure of the engine: what a recipe looks like.
    'src/compression/recipe/recipe-schema\\.ts$',
    'src/lab/report/(report|sensitivity-profile|allocate-budget|training-record|wrong-kernels)\\.ts$',
  ],
};

/** Packages that only these rooms may import. */
const PACKAGES = {
  '@tensorflow/tfjs': [
    'src/engines',
    'src/weights',
    'src/model',
    'src/train',
    'src/compression',
    'src/evaluation/models',
    'src/self-test',
    'src/testing',
    'bench',
    'docs/tutorials',
  ],
  '@tensorflow/tfjs-backend-webgpu': ['src/engines/webgpu', 'bench'],
  '@huggingface/tokenizers': ['src/tokenizer'],
  react: ['src/views', 'src/testing'],
  recharts: ['src/views'],
  zustand: ['src/store', 'src/views'],
  comlink: ['src/lab/worker', 'bench'],
};

/** Rooms from which no line of ROOMS leads to another. */
const PURE_ROOMS = Object.keys(ROOMS).filter(
  (room) => room.startsWith('src/') && ROOMS[room].length === 0 && !room.includes('engines'),
);

/** Folders of the repository that rooms lie in. */
const TOP = [...new Set(Object.keys(ROOMS).map((room) => room.split('/')[0]))].join('|');
const TESTS = '\\.test\\.tsx?$';
const escaped = (path) => path.replaceAll('.', '\\.');
const within = (room) => `^${escaped(room)}/`;
/** Rooms that lie inside this one and have lines of their own. */
const innerRooms = (room) => Object.keys(ROOMS).filter((other) => other.startsWith(`${room}/`));

function pathsOf(name) {
  if (ALIASES[name]) return ALIASES[name].map((path) => `^${path}`);
  const inner = innerRooms(name);
  // `src/engines/webgpu` is not the kernels within it; `src` is everything.
  if (inner.length === 0 || name === 'src') return [within(name)];
  return [`^${escaped(name)}/(?!(${inner.map((room) => room.slice(name.length + 1)).join('|')})/)`];
}

const roomRules = Object.entries(ROOMS).map(([room, allowed]) => ({
  name: `rooms: ${room}`,
  comment: `${room} may import only ${['itself', ...allowed].join(', ')}; see ROOMS in .dependency-cruiser.mjs.`,
  severity: 'error',
  from: { path: within(room), pathNot: [TESTS, '^src/testing/setup', ...innerRooms(room).map(within)] },
  to: {
    path: `^(${TOP})/`,
    pathNot: [room, ...allowed].flatMap(pathsOf),
  },
}));

const packageRules = Object.entries(PACKAGES).map(([name, rooms]) => ({
  name: `packages: ${name}`,
  comment: `Only ${rooms.join(', ')} may import ${name}; see PACKAGES in .dependency-cruiser.mjs.`,
  severity: 'error',
  from: { path: `^(${TOP})/`, pathNot: [TESTS, ...rooms.map(within)] },
  to: { path: `(^|/)node_modules/${escaped(name)}/` },
}));

export default {
  forbidden: [
    {
      name: 'no-cycle',
      comment: 'Dependencies point one way, those of types too.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unlisted-room',
      comment: 'Every folder of src/ has a line in ROOMS of .dependency-cruiser.mjs.',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: Object.keys(ROOMS).map(within) },
    },
    {
      name: 'pure-tests',
      comment:
        'Tests of rooms that know no engine run without a device: none of their imports leads to tfjs or Dawn.',
      severity: 'error',
      from: { path: PURE_ROOMS.map(within) },
      to: { path: '(^|/)node_modules/(@tensorflow|webgpu)/', reachable: true },
    },
    {
      name: 'evaluations-without-engine',
      comment:
        'Evaluations know models and tokenizers by their types alone: the page loads them without an engine.',
      severity: 'error',
      from: { path: '^src/evaluation/(?!latency/|models/)', pathNot: TESTS },
      to: { path: '^src/(model|tokenizer)/', dependencyTypesNot: ['type-only'] },
    },
    ...roomRules,
    ...packageRules,
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    // Type-only imports are dependencies, too.
    tsPreCompilationDeps: true,
    doNotFollow: { path: ['node_modules', '^bench/cache', '^bench/peers'] },
    exclude: { path: ['^bench/cache', '^bench/peers', '^dist/'] },
  },
};
