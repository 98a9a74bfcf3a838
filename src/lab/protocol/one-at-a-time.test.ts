import { expect, test } from 'vitest';
import { OneAtATime } from './one-at-a-time';

/** Operation whose end the test controls. */
function openEnded() {
  let end = () => undefined as void;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return { operation: () => ended, end: () => end() };
}

test('operations run in the order of the calls, also after a failure', async () => {
  const turns = new OneAtATime();
  const order: string[] = [];
  const first = openEnded();
  const broken = async () => {
    order.push('second');
    throw new Error('broken');
  };
  const running = [
    turns.run(() => first.operation().then(() => order.push('first'))),
    expect(turns.run(broken)).rejects.toThrow('broken'),
    turns.run(async () => order.push('third')),
  ];
  first.end();
  await Promise.all(running);
  expect(order).toEqual(['first', 'second', 'third']);
});

test('a background step waits for every operation, including those requested while it waits', async () => {
  const turns = new OneAtATime();
  const order: string[] = [];
  const [first, second] = [openEnded(), openEnded()];
  const one = turns.run(first.operation).then(() => order.push('first'));
  const step = turns.whenIdle(async () => order.push('step'));
  const two = turns.run(second.operation).then(() => order.push('second'));
  first.end();
  await one;
  second.end();
  await two;
  // Within the quiet period, in which the next operation may follow.
  await turns.run(async () => order.push('third'));
  await step;
  expect(order).toEqual(['first', 'second', 'third', 'step']);
});

test('an operation waits for the running step and precedes the next', async () => {
  const turns = new OneAtATime();
  const order: string[] = [];
  const running = openEnded();
  let started = () => undefined as void;
  const hasStarted = new Promise<void>((resolve) => (started = resolve));
  const first = turns.whenIdle(() => {
    started();
    return running.operation().then(() => order.push('first step'));
  });
  await hasStarted;
  const second = turns.whenIdle(async () => order.push('second step'));
  const operation = turns.run(async () => order.push('operation'));
  running.end();
  await Promise.all([first, second, operation]);
  expect(order).toEqual(['first step', 'operation', 'second step']);
});

test('an aborted step and an aborted operation do not run', async () => {
  const turns = new OneAtATime();
  const controller = new AbortController();
  const never = async () => expect.unreachable();
  const first = openEnded();
  const running = turns.run(first.operation);
  const refused = [turns.run(never, controller.signal), turns.whenIdle(never, controller.signal)].map(
    (attempt) => expect(attempt).rejects.toMatchObject({ name: 'AbortError' }),
  );
  controller.abort();
  first.end();
  await Promise.all([running, ...refused]);
});
