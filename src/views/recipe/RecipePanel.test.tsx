// @vitest-environment happy-dom
import { cleanup, screen, waitFor, within } from '@testing-library/react';
import { afterEach, expect, test, vi } from 'vitest';
import type { CalibrationCost, Lab } from '../../lab/protocol/protocol';
import { shippedText, TOY_METHOD, TOY_MODEL } from '../../testing/page-states';
import { showOnPage } from '../../testing/show-on-page';
import { RecipePanel } from './RecipePanel';

afterEach(cleanup);

type Checked = Awaited<ReturnType<Lab['checkRecipe']>>;

const fits = { matches: [['a', 'b']], needsCalibration: false, needsTraining: false } as unknown as Checked;
const step = { method: 'toy', targets: ['Linear'], ignore: [], parameters: {} };
const state = {
  methods: [TOY_METHOD],
  model: TOY_MODEL,
  draft: { name: 'toy recipe', steps: [step] },
  dataSets: [shippedText('calibration'), shippedText('evaluation')],
};
const compressButton = () => screen.getByRole<HTMLButtonElement>('button', { name: 'Compress' });

test('a recipe without steps cannot be compressed or saved', () => {
  showOnPage(<RecipePanel />, { ...state, draft: { name: 'empty', steps: [] } });
  expect(compressButton().disabled).toBe(true);
  expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Save recipe' }).disabled).toBe(true);
});

test('a step is added from the grouped methods', async () => {
  const { user, store } = showOnPage(<RecipePanel />, state, { checkRecipe: async () => fits });
  const methods = screen.getByLabelText('Add a step');
  expect(within(within(methods).getByRole('group', { name: 'Toys' })).getByText('Toy rounding')).toBeTruthy();
  await user.selectOptions(methods, 'Toy rounding');
  expect(store.getState().draft.steps).toHaveLength(2);
  expect(screen.getByText('2. Toy rounding')).toBeTruthy();
});

test('a valid recipe shows the number of matching matrices and is compressed', async () => {
  const compress = vi.fn(async () => Promise.reject(new Error('The device has no memory left.')));
  const { user, store } = showOnPage(<RecipePanel />, state, { checkRecipe: async () => fits, compress });
  expect(await screen.findByText('2 matrices')).toBeTruthy();
  await user.click(compressButton());
  expect(compress).toHaveBeenCalledWith(state.draft, expect.anything());
  await waitFor(() => expect(store.getState().notices).toHaveLength(1));
  expect(store.getState().notices[0]).toMatchObject({
    kind: 'error',
    text: 'The device has no memory left.',
  });
});

test('an invalid recipe shows the reason and cannot be compressed', async () => {
  const message = 'Step 1: Group size must divide 768.';
  showOnPage(<RecipePanel />, state, { checkRecipe: () => Promise.reject(new Error(message)) });
  expect((await screen.findByRole('alert')).textContent).toBe(message);
  expect(compressButton().disabled).toBe(true);
});

test('a recipe that needs calibration shows the text field with the shipped text', async () => {
  const cost: CalibrationCost = { seconds: 12, bytes: 3_000_000 } as CalibrationCost;
  const calibrationCost = vi.fn(async () => cost);
  vi.stubGlobal('fetch', async () => new Response('Once upon a time.'));
  const { user, store } = showOnPage(<RecipePanel />, state, {
    checkRecipe: async () => ({ ...fits, needsCalibration: true }),
    provideText: async () => undefined,
    calibrationCost,
  });
  expect((await screen.findByLabelText<HTMLSelectElement>('Calibration text')).value).toBe('calibration.txt');
  expect(screen.queryByText('Tales for evaluation')).toBeNull();
  expect(await screen.findByText(/^Takes about 12 s here and 3\.00 MB/, {}, { timeout: 5000 })).toBeTruthy();
  const sequences = screen.getByLabelText('Sequences');
  await user.clear(sequences);
  await user.type(sequences, '16');
  expect(store.getState().draft.calibration).toMatchObject({
    text: 'calibration.txt',
    sequences: 16,
    length: 128,
  });
  vi.unstubAllGlobals();
});

test('the form shows why the cost of a calibration cannot be measured', async () => {
  vi.stubGlobal('fetch', async () => new Response('', { status: 404 }));
  showOnPage(<RecipePanel />, state, { checkRecipe: async () => ({ ...fits, needsCalibration: true }) });
  expect((await screen.findByRole('alert', {}, { timeout: 5000 })).textContent).toBe(
    'The text calibration.txt could not be fetched (404); reload the page.',
  );
  vi.unstubAllGlobals();
});
