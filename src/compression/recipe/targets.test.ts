import { describe, expect, test } from 'vitest';
import { type TargetableModel, matchTargets } from './targets';

const blockLinears = [
  'transformer.h.0.attn.c_attn',
  'transformer.h.0.mlp.c_fc',
  'transformer.h.1.attn.c_attn',
  'transformer.h.1.mlp.c_fc',
];
const names = ['transformer.wte', ...blockLinears];
const model = {
  linears: new Map(names.map((name) => [name, undefined])),
  blockLinears,
} as unknown as TargetableModel;

describe('matchTargets', () => {
  test.each([
    [['Linear'], [], blockLinears],
    [['transformer.h.1.mlp.c_fc'], [], ['transformer.h.1.mlp.c_fc']],
    [['h.1.mlp.c_fc', 'wte'], [], ['transformer.wte', 'transformer.h.1.mlp.c_fc']],
    [['re:.*c_fc$'], [], ['transformer.h.0.mlp.c_fc', 'transformer.h.1.mlp.c_fc']],
    [['Linear'], ['re:.*h\\.0\\..*'], ['transformer.h.1.attn.c_attn', 'transformer.h.1.mlp.c_fc']],
    [['Linear'], ['lm_head'], blockLinears],
  ])('%j without %j', (targets, ignore, expected) => {
    expect(matchTargets(targets, ignore, model)).toEqual(expected);
  });

  test('an expression is matched from the start of the name, as llm-compressor does', () => {
    expect(() => matchTargets(['re:c_fc'], [], model)).toThrow('"re:c_fc" matches no module');
  });

  test.each([
    [['Conv3d'], [], 'The target "Conv3d" matches no module of this model; use "Linear"'],
    [['re:('], [], 'is not a regular expression'],
    [['Linear'], ['Linear'], 'leave no module'],
  ])('%j without %j is refused', (targets, ignore, message) => {
    expect(() => matchTargets(targets, ignore, model)).toThrow(message);
  });
});
