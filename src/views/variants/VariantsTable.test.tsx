// @vitest-environment happy-dom
import { cleanup, screen, within } from '@testing-library/react';
import { afterEach, expect, test, vi } from 'vitest';
import { BASE_KEY } from '../../store/lab-state';
import { variantRow } from '../../testing/page-states';
import { showOnPage } from '../../testing/show-on-page';
import { VariantsTable } from './VariantsTable';

afterEach(cleanup);

const size = { denseBytes: 14_000_000, storedBytes: 3_500_000, bitsPerWeight: 8, parameters: 100 };
const rows = [
  variantRow(BASE_KEY, { metrics: { perplexity: 46.118, perplexityStandardError: 1.5 } }),
  variantRow('large', { size, metrics: { perplexity: 99.06 } }),
  variantRow('small', { size: { ...size, storedBytes: 900 }, id: undefined }),
];

const bodyRows = () => screen.getAllByRole('row').slice(1);
const keys = () => bodyRows().map((row) => within(row).getByRole('checkbox').getAttribute('aria-label'));
const rowOf = (name: string) =>
  bodyRows().find((row) => within(row).queryByRole('checkbox', { name: `Compare ${name}` }))!;

test('without rows it shows what to do first', () => {
  showOnPage(<VariantsTable />);
  expect(screen.getByText('Load a model to begin.')).toBeTruthy();
});

test('figures have units and standard errors, and missing ones a dash', () => {
  showOnPage(<VariantsTable />, { rows });
  expect(rowOf('the base').textContent).toContain('46.12 ± 1.50');
  expect(rowOf('large').textContent).toContain('3.50 MB');
  expect(rowOf('large').textContent).toContain('4.00×, 8.00 bits');
  expect(rowOf('large').textContent).toContain('99.06');
  expect(rowOf('small').textContent).toContain('900 B');
  expect(within(rowOf('small')).getByText('–')).toBeTruthy();
});

test('a column sorts ascending, then descending; rows without the figure come last in both', async () => {
  const { user } = showOnPage(<VariantsTable />, { rows });
  const [base, large, small] = ['Compare the base', 'Compare large', 'Compare small'];
  expect(keys()).toEqual([base, large, small]);
  const head = screen.getByRole('columnheader', { name: /Perplexity/ });
  expect(head.getAttribute('aria-sort')).toBe('none');
  await user.click(within(head).getByRole('button'));
  expect([head.getAttribute('aria-sort'), ...keys()]).toEqual(['ascending', base, large, small]);
  await user.click(within(head).getByRole('button'));
  expect([head.getAttribute('aria-sort'), ...keys()]).toEqual(['descending', large, base, small]);
  await user.click(screen.getByRole('button', { name: /^Size/ }));
  expect(keys()).toEqual([base, small, large]);
  expect(head.getAttribute('aria-sort')).toBe('none');
});

test('a row is selected for the comparison and deselected', async () => {
  const { user, store } = showOnPage(<VariantsTable />, { rows, selected: [BASE_KEY] });
  const box = screen.getByRole<HTMLInputElement>('checkbox', { name: 'Compare large' });
  await user.click(box);
  expect([box.checked, ...store.getState().selected]).toEqual([true, BASE_KEY, 'large']);
  await user.click(screen.getByRole('checkbox', { name: 'Compare the base' }));
  expect(store.getState().selected).toEqual(['large']);
});

test('a variant is renamed; an empty name keeps the old one', async () => {
  const { user, store } = showOnPage(<VariantsTable />, { rows });
  const nameOf = (index: number) => store.getState().rows[index].name;
  await user.clear(screen.getByLabelText('Name of large'));
  await user.type(screen.getByLabelText('Name of large'), 'int8');
  await user.clear(screen.getByLabelText('Name of small'));
  await user.tab();
  expect([nameOf(1), nameOf(2)]).toEqual(['int8', 'small']);
  expect(screen.queryByLabelText('Name of the base')).toBeNull();
});

test('a variant is discarded on the device and from the table; the base stays', async () => {
  const discard = vi.fn(async () => undefined);
  const { user } = showOnPage(<VariantsTable />, { rows }, { discard });
  await user.click(screen.getByRole('button', { name: 'Discard large' }));
  expect(discard).toHaveBeenCalledWith('large');
  expect(keys()).toEqual(['Compare the base', 'Compare small']);
  expect(screen.queryByRole('button', { name: 'Discard the base' })).toBeNull();
});

test('only a recorded variant can be made on this device', () => {
  showOnPage(<VariantsTable />, { rows });
  expect(within(rowOf('small')).getByRole('button', { name: 'Make here' })).toBeTruthy();
  expect(within(rowOf('large')).queryByRole('button', { name: 'Make here' })).toBeNull();
});

test('the table is copied in its order, with a notice', async () => {
  const { user, store } = showOnPage(<VariantsTable />, { rows });
  await user.click(screen.getByRole('button', { name: /^Size/ }));
  await user.click(screen.getByRole('button', { name: 'CSV' }));
  const [head, ...lines] = (await navigator.clipboard.readText()).split('\n');
  expect(head.split(',')[0]).toBe('name');
  expect(lines.map((line) => line.split(',')[0])).toEqual(['the base', 'small', 'large']);
  expect(store.getState().notices).toMatchObject([
    { kind: 'done', text: 'The table is on the clipboard as CSV.' },
  ]);
});
