// @vitest-environment happy-dom
import { act, cleanup, screen, within } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { notify } from '../../store/lab-store';
import { showOnPage } from '../../testing/show-on-page';
import { Notices } from './Notices';

afterEach(cleanup);

test('errors are alerts, other notices are not, and both stay until dismissed', async () => {
  const page = showOnPage(<Notices />);
  act(() => {
    notify(page, 'error', 'The file holds no tensors.');
    notify(page, 'done', 'The table is on the clipboard.');
  });
  const error = screen.getByRole('alert');
  expect(within(error).getByText('The file holds no tensors.')).toBeTruthy();
  expect(within(screen.getByRole('status')).getByText('The table is on the clipboard.')).toBeTruthy();
  await page.user.click(within(error).getByRole('button', { name: 'Dismiss' }));
  expect(screen.queryByRole('alert')).toBeNull();
  expect(screen.getByRole('status')).toBeTruthy();
});
