import { expect, test } from '@playwright/test';
import { idle, openFiles, openPage, tinyCheckpoint } from './open-page';

const FILMS = ['good', 'bad', 'fine', 'dull', 'warm', 'sad']
  .map((word, index) => `the film was ${word}\t${index % 2}`)
  .join('\n');
const REVIEWS = 'a king of a tale\t1\nno plot at all !\t0\n';

const textFile = (name: string, content: string) => ({
  name,
  mimeType: 'text/plain',
  buffer: Buffer.from(content),
});

test('a masked language model gets a classifier, is trained on labels from a file, and is evaluated by its accuracy', async ({
  page,
}) => {
  await openPage(page);
  await openFiles(page, tinyCheckpoint('tiny-bert-mlm'));
  await expect(page.getByTestId('model-name')).toHaveText('model');
  await idle(page);
  const addStep = page.getByRole('combobox', { name: 'Add a step' });
  for (const method of ['magnitude-pruning', 'classification-head', 'fine-tuning'])
    await addStep.selectOption(method);
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('taught');
  await page.getByRole('textbox', { name: 'Labels' }).fill('poor, good');
  const step = page.getByRole('listitem').filter({ hasText: '3. Fine-tuning' });
  const fields = { Steps: '3', Batch: '2', 'Length (optional)': '8', 'Warm-up': '1' };
  for (const [label, value] of Object.entries(fields))
    await step.getByRole('spinbutton', { name: label, exact: true }).fill(value);

  // The recipe's text has no labels, so the step gets its own text.
  await expect(page.getByRole('combobox', { name: 'Training text' })).toBeVisible();
  await step.getByRole('combobox', { name: 'Trains on' }).selectOption('own');
  await expect(page.getByRole('combobox', { name: 'Training text' })).toHaveCount(0);
  await step.getByLabel('Own text of step 3').setInputFiles(textFile('films.tsv', FILMS));
  await expect(step.getByRole('combobox', { name: 'Text of step 3' })).toHaveValue('films.tsv');
  await page.getByRole('button', { name: 'Compress' }).click();
  const row = page.getByRole('region', { name: 'Table of variants' }).getByRole('row', { name: /taught/ });
  await expect(row).toBeVisible({ timeout: 150_000 });
  await idle(page);

  const measure = page.getByRole('region', { name: 'Measure' });
  await measure.getByRole('checkbox', { name: 'Accuracy' }).check();
  const accuracy = measure.getByRole('group', { name: 'Accuracy' });
  await accuracy.getByRole('combobox', { name: 'Text' }).selectOption('own');
  await accuracy.locator('input[type=file]').setInputFiles(textFile('reviews.tsv', REVIEWS));
  await measure.getByRole('button', { name: 'Measure accuracy and pseudo-perplexity' }).click();
  await idle(page);
  await expect(row).toContainText(/(0\.0|50\.0|100\.0|0|50|100) ?%/);
  await expect(page.getByRole('alert')).toHaveCount(0);
});
