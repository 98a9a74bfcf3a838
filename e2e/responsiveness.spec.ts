import { expect, test } from '@playwright/test';
import { idle, openPage } from './open-page';

/** What a user would feel as a hitch. */
const LONGEST_TASK_MS = 50;

test('no task of the page takes over 50 ms while a recipe runs, and it can be cancelled', async ({
  page,
}) => {
  await openPage(page);
  await page.getByRole('combobox', { name: 'Start from' }).selectOption('Low rank, then int8');
  await expect(page.getByText('24 matrices').first()).toBeVisible();
  await page.evaluate(() => {
    const tasks: number[] = [];
    Object.assign(window, { longTasks: tasks });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) tasks.push(entry.duration);
    }).observe({ type: 'longtask' });
  });
  await page.getByRole('button', { name: 'Compress', exact: true }).click();
  await expect(page.getByRole('progressbar')).toBeVisible();
  await idle(page);
  const tasks = await page.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks);
  expect(tasks.filter((duration) => duration > LONGEST_TASK_MS)).toEqual([]);
  const rows = page.getByRole('region', { name: 'Table of variants' }).getByRole('row');
  const before = await rows.count();

  await page.getByRole('button', { name: 'Compress', exact: true }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await idle(page);
  await expect(rows).toHaveCount(before);
  await expect(page.getByRole('alert')).toHaveCount(0);
});
