import { describe, expect, it, test } from 'vitest';
import { diskVerdict, keyAgeVerdict } from '../../../src/operations/health/checks-host.ts';
import {
  connectionsVerdict,
  connectionVerdict,
  driftVerdict,
  phaseVerdict,
  scriptsVerdict,
  transactionsVerdict,
} from '../../../src/operations/health/checks-postgres.ts';
import { clockVerdict } from '../../../src/platform/postgres/clock-skew.ts';

describe('the verdict', () => {
  const GIB = 2 ** 30;
  test.each([
    [200, 100, 'ok'],
    [200, 19, 'warn'],
    [2_000, 100, 'ok'],
    [200, 1.9, 'fail'],
    [1, 0.09, 'fail'],
    [1, 0.5, 'ok'],
  ])('on a disk of %i GiB with %d free is %s', (size, free, state) =>
    expect(diskVerdict([{ folder: '/d', size: size * GIB, free: free * GIB }]).state).toBe(state),
  );

  test.each([
    [364, 'ok'],
    [366, 'warn'],
  ])('on a key of %i days is %s', (days, state) =>
    expect(keyAgeVerdict(days * 86_400_000).state).toBe(state),
  );

  const vitals = { version: '16.4', read_only: false, clock: '2026-01-30T03:45:00Z', used: 3, limit: 100 };

  test.each([
    ['16.4', 'ok'],
    ['14.0', 'ok'],
    ['13.22', 'fail'],
    ['18beta1', 'ok'],
    ['19beta1', 'warn'],
  ])('on PostgreSQL %s is %s', (version, state) =>
    expect(connectionVerdict({ ...vitals, version }, 0.42).state).toBe(state),
  );

  test.each([
    [4, [], 'ok', 'phase 4 of 4'],
    [5, [], 'ok', 'phase 5 of 4'],
    [4, ['phase 4 lacks step 2 wide_symbols'], 'warn', 'phase 4 of 4; phase 4 lacks step 2 wide_symbols'],
    [3, [], 'warn', 'phase 3 of 4'],
    [0, [], 'fail', 'nothing is rolled out'],
  ])('on phase %i of 4, %j is %s', (phase, lacking, state, detail) =>
    expect(phaseVerdict({ phase, newest: 4, lacking })).toMatchObject({ state, detail }),
  );

  test.each([
    [0, 'ok'],
    [2_000, 'ok'],
    [-2_001, 'warn'],
    [60_000, 'warn'],
    [60_001, 'fail'],
    [-60_001, 'fail'],
  ])('on a server %i ms ahead is %s', (ahead, state) => expect(clockVerdict(ahead).state).toBe(state));

  test.each([
    [80, 'ok'],
    [81, 'warn'],
  ])('on %i of 100 connections is %s', (used, state) =>
    expect(connectionsVerdict({ ...vitals, used }).state).toBe(state),
  );

  it('on scripts names what has changed', () => {
    const change = { phase: 2, step: 1, name: 'n', part: 'down', recorded: 'x', actual: 'y' } as const;
    expect(scriptsVerdict([])).toMatchObject({ state: 'ok' });
    expect(
      scriptsVerdict([change, { ...change, phase: 4, step: 2 }, { ...change, phase: 5, part: 'folder' }]),
    ).toMatchObject({
      state: 'fail',
      detail: 'not as they were applied: down of phase 2, down of phase 4 step 2, folder of phase 5',
    });
  });

  it('on drift names what is missing before what was added', () => {
    const added = { kind: 'index', object: 'a.b', expected: null, actual: 'x' } as const;
    const changed = { kind: 'column', object: 'c.d', expected: 'x', actual: 'y' } as const;
    expect(driftVerdict([])).toMatchObject({ state: 'ok' });
    expect(driftVerdict([added])).toMatchObject({ state: 'warn' });
    expect(driftVerdict([added, changed])).toMatchObject({
      state: 'fail',
      detail: '2 differences, among them: column c.d changed',
    });
  });

  it('on transactions names the oldest that is too old', () => {
    const open = (age: number, pid: number) => ({ program: 'pinnacle/x', pid, state: 'active', age });
    expect(transactionsVerdict([open(300_000, 1)])).toMatchObject({ state: 'ok' });
    expect(transactionsVerdict([open(900_000, 7), open(300_001, 8), open(5, 9)])).toMatchObject({
      state: 'warn',
      detail: '2 open for more than 5 minutes, the oldest 15 min: pinnacle/x, active, server process 7',
      help: 'If nobody waits for it: SELECT pg_terminate_backend(7)',
    });
  });
});
