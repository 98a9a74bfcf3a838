import js from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import globals from 'globals';
import tseslint from 'typescript-eslint';

/**
 * Who may import whom: a folder of src/ and the folders it may import (itself always).
 * Dependencies point one way; docs/architecture.md draws the same table.
 */
const MAY_IMPORT = {
  checkpoint: [],
  coding: [],
  tokenizer: [],
  gpu: [],
  kernels: ['gpu'],
  linalg: ['gpu'],
  weights: ['kernels', 'linalg', 'gpu', 'checkpoint', 'coding'],
  model: ['weights', 'kernels', 'gpu', 'checkpoint'],
  train: ['model', 'weights', 'linalg', 'checkpoint', 'kernels', 'gpu'],
  compression: ['train', 'model', 'weights', 'linalg', 'checkpoint', 'kernels', 'gpu'],
  evaluation: ['model', 'tokenizer', 'gpu', 'kernels'],
  'self-test': ['weights', 'linalg', 'kernels', 'gpu'],
  lab: [
    'checkpoint',
    'tokenizer',
    'gpu',
    'kernels',
    'linalg',
    'weights',
    'model',
    'train',
    'compression',
    'evaluation',
    'self-test',
  ],
  store: ['lab'],
  views: ['store', 'lab'],
  testing: ['gpu', 'checkpoint', 'weights', 'model', 'kernels', 'train', 'compression', 'lab'],
};

/** npm packages that only these folders may import. */
const PACKAGES_ONLY_IN = {
  '@tensorflow/tfjs': [
    'gpu',
    'kernels',
    'linalg',
    'weights',
    'model',
    'train',
    'compression',
    'evaluation',
    'self-test',
    'lab',
    'testing',
  ],
  '@tensorflow/tfjs-backend-webgpu': ['gpu'],
  '@huggingface/tokenizers': ['tokenizer'],
  react: ['views'],
  recharts: ['views'],
  zustand: ['store', 'views'],
  comlink: ['lab'],
};

/** From store/ and views/, only these files of lab/ are visible: the interface, its types, the client, and pure functions of its results. */
const LAB_SURFACE = [
  'lab/protocol',
  'lab/lab-client',
  'lab/report',
  'lab/sensitivity-profile',
  'lab/allocate-budget',
  'lab/training-record',
  'lab/wrong-kernels',
];

/** The rules of one folder for its files at one depth: from a subfolder, `../name/` is a sibling, not a folder of src. */
function importRule(folder, files, up) {
  const allowed = MAY_IMPORT[folder];
  const forbiddenFolders = Object.keys(MAY_IMPORT).filter(
    (other) => other !== folder && !allowed.includes(other),
  );
  const forbiddenPackages = Object.entries(PACKAGES_ONLY_IN)
    .filter(([, folders]) => !folders.includes(folder))
    .map(([name]) => name);
  const patterns = [
    ...forbiddenFolders.map((other) => ({
      regex: `^${up}${other}/`,
      message: `src/${folder} may not import src/${other} (see MAY_IMPORT in eslint.config.js).`,
    })),
    ...forbiddenPackages.map((name) => ({
      regex: `^${name}(/|$)`,
      message: `src/${folder} may not import ${name} (see PACKAGES_ONLY_IN in eslint.config.js).`,
    })),
  ];
  if (folder === 'store' || folder === 'views') {
    patterns.push({
      regex: `^${up}lab/(?!(${LAB_SURFACE.map((file) => file.replace('lab/', '')).join('|')})$)`,
      message: `src/${folder} sees only ${LAB_SURFACE.join(' and ')}.`,
    });
  }
  return {
    files: [files],
    ignores: ['**/*.test.ts', '**/*.test.tsx'],
    rules: { 'no-restricted-imports': ['error', { patterns }] },
  };
}

const importRules = Object.keys(MAY_IMPORT).flatMap((folder) => [
  importRule(folder, `src/${folder}/*.{ts,tsx}`, '\\.\\./'),
  importRule(folder, `src/${folder}/*/**/*.{ts,tsx}`, '(\\.\\./){2,}'),
]);

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'node_modules/',
      '.venv/',
      'public/',
      'test-results/',
      'playwright-report/',
      'bench/cache/',
      'bench/peers/models/',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
    rules: {
      'no-console': ['error', { allow: ['warn', 'error'] }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      'max-lines': ['warn', { max: 300, skipBlankLines: true, skipComments: true }],
    },
  },
  { files: ['src/**/*.tsx'], ...reactHooks.configs.flat.recommended },
  { files: ['cli/**', 'scripts/**', 'bench/**', 'e2e/**'], rules: { 'no-console': 'off' } },
  ...importRules,
);
