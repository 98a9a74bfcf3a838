// @vitest-environment happy-dom
import { cleanup, screen, waitFor } from '@testing-library/react';
import { afterEach, expect, test, vi } from 'vitest';
import { BASE_KEY } from '../../store/lab-state';
import { shippedText, TOY_MODEL, variantRow } from '../../testing/page-states';
import { showOnPage } from '../../testing/show-on-page';
import { MeasurePanel } from './MeasurePanel';

afterEach(cleanup);

const state = {
  model: TOY_MODEL,
  rows: [variantRow(BASE_KEY), variantRow('int8')],
  dataSets: [shippedText('evaluation'), shippedText('evaluation', 'labelled'), shippedText('calibration')],
};

test('nothing can be measured without a model', () => {
  showOnPage(<MeasurePanel />, { ...state, model: undefined });
  expect(screen.queryByRole('button')).toBeNull();
});

test('perplexity is evaluated for all variants with the selected text and windows', async () => {
  const perplexity = { value: 12.5, standardError: 0.5 };
  const measured = { evaluation: 'perplexity', count: 3, protocol: 'a tale', figures: { perplexity } };
  const evaluate = vi.fn(async () => ({ int8: measured }));
  const { user, store } = showOnPage(<MeasurePanel />, state, { evaluate });
  await user.selectOptions(screen.getByLabelText('Text'), 'My own file …');
  const measure = screen.getByRole<HTMLButtonElement>('button', { name: 'Measure perplexity' });
  expect(measure.disabled).toBe(true);
  await user.upload(screen.getByLabelText('A text file'), new File(['Once upon a time.'], 'mine.txt'));
  const windows = screen.getByLabelText(/^Windows/);
  await user.clear(windows);
  await user.type(windows, '3');
  await user.click(measure);
  await waitFor(() => expect(store.getState().rows[1].metrics).toMatchObject({ perplexity: 12.5 }));
  expect(evaluate).toHaveBeenCalledWith(
    [BASE_KEY, 'int8'],
    expect.objectContaining({
      evaluation: 'perplexity',
      data: { name: 'mine.txt', kind: 'text', content: 'Once upon a time.' },
      parameters: expect.objectContaining({ maxWindows: 3 }),
    }),
    expect.anything(),
  );
});

test('a classifier is evaluated on labelled texts', () => {
  showOnPage(<MeasurePanel />, { ...state, model: { ...TOY_MODEL, task: 'sequence-classification' } });
  expect(screen.getByRole('button', { name: 'Measure accuracy' })).toBeTruthy();
  expect(screen.getByLabelText<HTMLSelectElement>('Text').value).toBe('evaluation-labelled');
});

test('a text that cannot be fetched gives a notice', async () => {
  vi.stubGlobal('fetch', async () => new Response('', { status: 404 }));
  const { user, store } = showOnPage(<MeasurePanel />, state);
  await user.click(screen.getByRole('button', { name: 'Measure perplexity' }));
  await waitFor(() => expect(store.getState().notices).toHaveLength(1));
  expect(store.getState().notices[0].text).toContain('evaluation.txt could not be fetched (404)');
  vi.unstubAllGlobals();
});

test('latency is measured with the settings of the form', async () => {
  const measureLatency = vi.fn(async () => ({}));
  const { user } = showOnPage(<MeasurePanel />, state, { measureLatency });
  const runs = screen.getByLabelText('Runs');
  await user.clear(runs);
  await user.type(runs, '2');
  await user.click(screen.getByRole('button', { name: 'Measure latency' }));
  expect(measureLatency).toHaveBeenCalledWith(
    [BASE_KEY, 'int8'],
    { prefillTokens: 64, decodeTokens: 32, runs: 2 },
    expect.anything(),
  );
});

test('nothing can be started while an operation runs', () => {
  showOnPage(<MeasurePanel />, { ...state, operation: { title: 'Compressing', cancel: () => undefined } });
  for (const button of screen.getAllByRole<HTMLButtonElement>('button')) expect(button.disabled).toBe(true);
});
