// @vitest-environment happy-dom
import { cleanup, screen, within } from '@testing-library/react';
import { afterEach, describe, expect, test } from 'vitest';
import type { DraftStep } from '../../store/recipe-draft';
import { TOY_METHOD, TOY_MODEL } from '../../testing/page-states';
import { showOnPage } from '../../testing/show-on-page';
import { useLab } from '../lab-context';
import { StepForm } from './StepForm';

afterEach(cleanup);

/** Steps of the draft as listed in the recipe panel. */
function Steps({ matches }: { matches?: number }) {
  const { steps } = useLab((state) => state.draft);
  return steps.map((step, index) => (
    <StepForm key={index} step={step} index={index} last={index === steps.length - 1} matches={matches} />
  ));
}

function show(parameters: DraftStep['parameters'] = {}, others: DraftStep[] = [], matches?: number) {
  const step: DraftStep = { method: 'toy', targets: ['Linear'], ignore: [], parameters };
  const page = showOnPage(<Steps matches={matches} />, {
    methods: [TOY_METHOD],
    model: TOY_MODEL,
    draft: { name: 'toy recipe', steps: [step, ...others] },
  });
  return { ...page, steps: () => page.store.getState().draft.steps };
}

describe('the form of a step', () => {
  test('shows the method, its summary and the number of matrices', () => {
    show({}, [], 24);
    expect(screen.getByText('1. Toy rounding')).toBeTruthy();
    expect(screen.getByText('Rounds what it is given.')).toBeTruthy();
    expect(screen.getByText('24 matrices')).toBeTruthy();
  });

  test('shows the values of the recipe or the defaults', () => {
    show({ groupSize: 32, shape: [2, 4] });
    expect(screen.getByLabelText<HTMLSelectElement>('Bits').value).toBe('8');
    expect(screen.getByLabelText<HTMLInputElement>(/^Group size/).value).toBe('32');
    expect(screen.getByLabelText<HTMLInputElement>(/^Shape/).value).toBe('[2,4]');
    const damping = screen.getByLabelText<HTMLInputElement>('Damping');
    expect([damping.value, damping.placeholder]).toEqual(['', '0.01']);
  });

  test('an option sets its value', async () => {
    const { user, steps } = show();
    await user.selectOptions(screen.getByLabelText('Bits'), '4 bits');
    expect(steps()[0].parameters).toEqual({ bits: 4 });
  });

  test('typing sets a number, and clearing omits it', async () => {
    const { user, steps } = show();
    const groupSize = screen.getByLabelText(/^Group size/);
    await user.type(groupSize, '128');
    expect(steps()[0].parameters).toEqual({ groupSize: 128 });
    await user.clear(groupSize);
    expect(steps()[0].parameters).toEqual({});
  });

  test('a complete list is parsed as JSON, any other text is kept unchanged', async () => {
    const { user, steps } = show();
    const shape = screen.getByLabelText<HTMLInputElement>(/^Shape/);
    await user.type(shape, '[[8, "1/8"]');
    expect(steps()[0].parameters).toEqual({ shape: [8, '1/8'] });
    expect(shape.value).toBe('[8, "1/8"]');
    await user.clear(shape);
    await user.type(shape, 'auto');
    expect(steps()[0].parameters).toEqual({ shape: 'auto' });
  });

  test('folds away advanced settings and counts the changed ones', async () => {
    const { user } = show();
    const summary = screen.getByText('1 more settings');
    await user.type(screen.getByLabelText('Damping'), '0.5');
    expect(summary.textContent).toBe('1 more settings, 1 changed');
  });

  test('accepts module names or a share of the least sensitive linears', async () => {
    const { user, steps } = show();
    const targets = screen.getByLabelText('Targets');
    await user.clear(targets);
    await user.type(targets, 're:.*mlp.*  lm_head');
    expect(steps()[0].targets).toEqual(['re:.*mlp.*', 'lm_head']);
    await user.selectOptions(screen.getByLabelText('Applies to'), 'the least sensitive linears');
    expect(steps()[0].targets).toEqual({ leastSensitive: 0.5 });
    expect(screen.getByLabelText<HTMLInputElement>('Share of the linears').value).toBe('0.5');
  });

  test('moves and is removed; the first cannot move up, nor the last down', async () => {
    const { user, steps } = show({ bits: 4 }, [
      { method: 'unknown', targets: [], ignore: [], parameters: {} },
    ]);
    const [first, second] = screen.getAllByRole('listitem');
    const isDisabled = (item: HTMLElement, name: RegExp) =>
      within(item).getByRole<HTMLButtonElement>('button', { name }).disabled;
    expect([isDisabled(first, /up$/), isDisabled(first, /down$/)]).toEqual([true, false]);
    expect([isDisabled(second, /up$/), isDisabled(second, /down$/)]).toEqual([false, true]);
    await user.click(screen.getByRole('button', { name: 'Move step 1 down' }));
    expect(steps().map(({ method }) => method)).toEqual(['unknown', 'toy']);
    await user.click(screen.getByRole('button', { name: 'Remove step 1' }));
    expect(steps().map(({ method }) => method)).toEqual(['toy']);
  });
});
