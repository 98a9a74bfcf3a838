import { expect, type Locator, type Page, test } from '@playwright/test';
import { idle, openPage } from './open-page';

const OPTIONS = {
  stylePath: new URL('visual.css', import.meta.url).pathname,
  // Anti-aliasing differs slightly between machines.
  threshold: 0.3,
  maxDiffPixelRatio: 0.005,
};

const picture = (shown: Page | Locator, name: string) =>
  expect(shown).toHaveScreenshot(`${name}.png`, OPTIONS);

const panel = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

async function inTheme(page: Page, theme: 'light' | 'dark'): Promise<void> {
  while ((await page.locator('html').getAttribute('data-theme')) !== theme)
    await page.getByRole('button', { name: /Colour theme/ }).click();
}

test('the page matches its screenshots', async ({ page }) => {
  await openPage(page);
  await expect(page.getByText('measuring …')).toHaveCount(0);

  await test.step('opening page, light and dark', async () => {
    await inTheme(page, 'light');
    await picture(page, 'opening-light');
    await inTheme(page, 'dark');
    await picture(page, 'opening-dark');
  });

  await test.step('on a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await picture(page, 'phone');
    await page.setViewportSize({ width: 1280, height: 800 });
    await inTheme(page, 'light');
  });

  await test.step('a recipe with a mistake', async () => {
    await page.getByRole('combobox', { name: 'Start from' }).selectOption('int4, groups of 32');
    await panel(page, 'Recipe').getByRole('combobox', { name: 'Targets' }).fill('lm_haed');
    await expect(panel(page, 'Recipe').getByRole('alert')).toBeVisible();
    await picture(panel(page, 'Recipe'), 'recipe-error');
  });

  const sideBySide = panel(page, 'Side by side');
  await test.step('figures side by side', async () => {
    await sideBySide.getByRole('tab', { name: 'Metrics' }).click();
    await picture(sideBySide, 'metrics');
  });

  await test.step('outputs side by side', async () => {
    await sideBySide.getByRole('tab', { name: 'Outputs' }).click();
    await page.getByRole('textbox', { name: 'Prompt' }).fill('Once upon a time there was a king');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await idle(page);
    await picture(sideBySide, 'outputs');
  });
});
