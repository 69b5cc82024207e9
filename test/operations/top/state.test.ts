import { describe, expect, it } from 'vitest';
import { initialState, reduce, type State } from '../../../src/operations/top/state.ts';
import { madeLook } from './made-look.ts';

const start = initialState({ user: undefined, text: '', sort: 'net' });
const looking = (look = madeLook(12)) =>
  reduce(start, { is: 'looked', look, choice: start.choice }, undefined).state;

/** The state and the last effect after keys: a name in capitals is one key, other text is typed letter by letter. */
function press(state: State, keys: readonly string[], protectedBy?: string) {
  let step: ReturnType<typeof reduce> = { state };
  for (const word of keys) {
    const named = /^[A-Z-]+$/.test(word);
    for (const each of named ? [word.toLowerCase()] : [...word])
      step = reduce(step.state, { is: 'key', key: { name: each, text: named ? '' : each } }, protectedBy);
  }
  return step;
}

describe('the keys of top', () => {
  const cases: [string, string[], unknown][] = [
    ['q ends it', ['q'], { is: 'quit' }],
    ['ctrl-c ends it while something is typed', ['/', 'q', 'CTRL-C'], { is: 'quit' }],
    ['q in a filter is a letter', ['/', 'q'], undefined],
    ['enter shows the trader', ['DOWN', 'RETURN'], { is: 'run', argv: ['user', 'show', 'trader_0001'] }],
    ['enter shows the order', ['TAB', 'RETURN'], { is: 'run', argv: ['order', 'show', 'order_0'] }],
    ['enter shows the halt', ['1', 'RETURN'], { is: 'run', argv: ['risk', 'status', 'trader_0000'] }],
    ['enter shows the rule', ['1', 'DOWN', 'RETURN'], { is: 'run', argv: ['risk', 'list', 'trader_0001'] }],
    ['enter shows the alert', ['5', 'RETURN'], { is: 'run', argv: ['notification', 'show', 'n1'] }],
    ['enter where there is no row does nothing', ['4', 'RETURN'], undefined],
    [
      'a page ends at the last row',
      ['PAGEDOWN', 'PAGEDOWN', 'RETURN'],
      { is: 'run', argv: ['user', 'show', 'trader_0011'] },
    ],
    ['s reads again in another order', ['s'], { is: 'read' }],
    ['p rests', ['p'], { is: 'rest' }],
    ['p twice goes on', ['p', 'p'], { is: 'read' }],
    ['a halt needs the name', ['h', 'RETURN', 'x', 'RETURN', 'RETURN'], undefined],
    [
      'a halt is left by escape',
      ['h', 'trader_0000', 'RETURN', 'ESCAPE', 'RETURN'],
      { is: 'run', argv: ['user', 'show', 'trader_0000'] },
    ],
    [
      'a halt runs the command once the name is typed, with the reason',
      ['h', 'trader_0000', 'RETURN', 'bad feed', 'RETURN'],
      { is: 'run', argv: ['risk', 'halt', '--reason', 'bad feed', '--yes', 'trader_0000'] },
    ],
    [
      'an alert for everyone is nobody to halt',
      ['5', 'h', 'RETURN'],
      { is: 'run', argv: ['notification', 'show', 'n1'] },
    ],
  ];
  it.each(cases)('%s', (_what, keys, effect) => {
    expect(press(looking(), keys).effect).toEqual(effect);
  });

  it('what is pasted is typed where something is asked, and is nothing elsewhere', () => {
    const paste = (state: State, text: string) =>
      reduce(state, { is: 'key', key: { name: 'paste', text } }, undefined);
    for (const keys of [[], ['?'], ['RETURN']]) {
      const { state } = press(looking(), keys);
      expect(paste(state, 'q')).toEqual({ state });
    }
    const asked = press(looking(), ['/', 'a']).state;
    expect(paste(asked, 'b c').state.mode).toEqual({ is: 'filter', typed: 'ab c' });
    expect(paste(asked, 'x'.repeat(5_000)).state.mode).toEqual({
      is: 'filter',
      typed: `a${'x'.repeat(199)}`,
    });
  });

  it('a command that runs is stopped first, and left the second time', () => {
    for (const key of ['q', 'ESCAPE', 'CTRL-C']) {
      const running = press(looking(), ['RETURN']);
      expect(running.effect).toMatchObject({ is: 'run' });
      expect(press(running.state, ['x', 'h', 'RETURN']).effect).toBe(undefined);
      const stopping = press(running.state, [key]);
      expect(stopping.effect).toEqual({ is: 'stop' });
      expect(press(stopping.state, [key]).effect).toEqual({ is: 'quit' });
      const printed = reduce(stopping.state, { is: 'printed', title: 't', text: 'Interrupted.' }, undefined);
      expect(printed.state.mode).toMatchObject({ is: 'page', lines: ['Interrupted.'] });
    }
  });

  it('on a protected profile a halt needs the name of that, too', () => {
    const keys = ['h', 'trader_0000', 'RETURN', 'live', 'RETURN', 'RETURN'];
    const argv = ['risk', 'halt', '--confirm', 'live', '--reason', 'not given', '--yes', 'trader_0000'];
    expect(press(looking(), keys, 'live').effect).toEqual({ is: 'run', argv });
    expect(press(looking(), ['h', 'trader_0000', 'RETURN', 'test', 'RETURN', 'RETURN'], 'live').effect).toBe(
      undefined,
    );
  });

  it('a filter is read, and taken away by escape', () => {
    const { state, effect } = press(looking(), ['/', 'itcx', 'BACKSPACE', 'RETURN']);
    expect({ text: state.choice.text, effect }).toEqual({ text: 'itc', effect: { is: 'read' } });
    expect(press(state, ['ESCAPE']).state.choice.text).toBe('');
  });

  it('an id that begins with a dash is no flag', () => {
    const look = madeLook(1);
    const named = { ...look.overview.traders[0], user_id: '--yes' } as (typeof look.overview.traders)[number];
    const state = looking({ ...look, overview: { ...look.overview, traders: [named] } });
    expect(press(state, ['RETURN']).effect).toEqual({ is: 'run', argv: ['user', 'show', '--', '--yes'] });
  });
});

describe('the state of top', () => {
  it('keeps a selection with its thing when others come before it', () => {
    const state = press(looking(), ['DOWN', 'DOWN']).state;
    const look = madeLook(12);
    const sorted = { ...look, overview: { ...look.overview, traders: [...look.overview.traders].reverse() } };
    const next = reduce(state, { is: 'looked', look: sorted, choice: state.choice }, undefined).state;
    expect(press(next, ['RETURN']).effect).toMatchObject({ argv: ['user', 'show', 'trader_0002'] });
  });

  it('stays at the newest order until somebody goes to another one', () => {
    const look = madeLook(12);
    const [first, ...older] = look.overview.orders;
    const before = { ...look, overview: { ...look.overview, orders: older } };
    const then = (state: State) =>
      reduce(state, { is: 'looked', look, choice: state.choice }, undefined).state;
    const top = press(looking(before), ['3']).state;
    expect(press(then(top), ['RETURN']).effect).toMatchObject({ argv: ['order', 'show', first?.order_id] });
    const chosen = press(top, ['DOWN']).state;
    expect(press(then(chosen), ['RETURN']).effect).toMatchObject({
      argv: ['order', 'show', older[1]?.order_id],
    });
  });

  it('passes over a look that was taken before the filter changed', () => {
    const state = press(looking(), ['/', 'x', 'RETURN']).state;
    expect(reduce(state, { is: 'looked', look: madeLook(1), choice: start.choice }, undefined).state).toBe(
      state,
    );
  });

  it('keeps the last look when the next one fails, and forgets the failure with the one after', () => {
    const failed = reduce(looking(), { is: 'failed', message: 'away' }, undefined).state;
    expect(failed).toMatchObject({ problem: 'away', look: { overview: { day: '2026-01-30' } } });
    const next = reduce(failed, { is: 'looked', look: madeLook(1), choice: failed.choice }, undefined).state;
    expect(next.problem).toBe(undefined);
  });
});
