import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../src/util/failure.ts';
import { databases, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { shell, start } from '../helpers/process.ts';

const PLACE = ['order', 'place', '--user', 'trader_001', '--symbol', 'TCS', '--side', 'BUY', '--quantity'];
const INCOMPLETE = 'What the command did stands; only its output is incomplete.';

describe.each(databases)('--jq on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db);
    for (const orderId of ['a', 'b']) await given.order(db, { orderId, type: 'LIMIT', price: 4000.05 });
  });
  afterAll(() => db.close());

  const jq = (program: string, ...argv: string[]) => db.cli(...argv, '--jq', program);
  const orders = (program: string) => jq(program, 'order', 'list', '--sort', 'order_id', '--reverse');
  /** The error of a run that prints nothing else. */
  const refused = async (code: number, program: string, ...argv: string[]) => {
    const ended = await jq(program, ...argv);
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code, stdout: '' });
    return JSON.parse(ended.stderr.split('\n').findLast((line) => line.startsWith('{')) ?? '').error;
  };

  it.each([
    ['.[].order_id', 'a\nb\n'],
    ['.[] | {order_id, price}', '{"order_id":"a","price":4000.05}\n{"order_id":"b","price":4000.05}\n'],
    ['length, .[0].strategy_id, "x", ["y"]', '2\nnull\nx\n["y"]\n'],
    ['.[] | [.order_id, .price] | @csv, @tsv', '"a",4000.05\na\t4000.05\n"b",4000.05\nb\t4000.05\n'],
    ['map(.order_id) | join("\\n")', 'a\nb\n'],
    ['-(.[0].quantity)', '-10\n'],
    ['first(.[]) | .order_id, halt', 'a\n'],
    ['limit(1; .[].order_id)', 'a\n'],
    ['empty', ''],
    ['(now > 1e9), ([inputs] | length)', 'true\n0\n'],
  ])('prints what %s makes of a list: strings as text, the rest as JSON', async (program, stdout) => {
    expect(await orders(program)).toEqual({ code: 0, stdout, stderr: '' });
  });

  it('takes the columns of --json, and is indented on a terminal', async () => {
    const argv = ['order', 'list', '--json', 'order_id', '--sort', 'order_id', '--reverse'];
    expect((await jq('.', ...argv)).stdout).toBe('[{"order_id":"a"},{"order_id":"b"}]\n');
    const shown = await db.cliWith({ tty: true }, ...argv, '--jq', '.[0], "x"');
    expect(shown.stdout).toBe('{\n  "order_id": "a"\n}\nx\n');
  });

  it('filters help that is JSON', async () => {
    expect(await jq('.[0].exit', 'help', 'exit-codes')).toEqual({ code: 0, stdout: '0\n', stderr: '' });
  });

  it('keeps every digit of what a program does not compute with', async () => {
    await given.user(db, 'rich', { capital: '99999999.99' });
    const show = ['user', 'show', 'rich', '--json', 'total_capital'];
    const { total_capital } = await db.json('user', 'show', 'rich');
    expect((await jq('.total_capital', ...show)).stdout).toBe(`${total_capital}\n`);
    expect(total_capital).toBe('99999999.99');
    expect((await jq('9007199254740993, 0.10', ...show)).stdout).toBe('9007199254740993\n0.10\n');
  });

  it('prints no character that drives a terminal, and JSON stays JSON', async () => {
    const { stdout } = await orders('"\\u001b[2J\\u202e\\tx", ["\\u009b\\u202e"]');
    expect(stdout).toBe('\\u{1b}[2J\\u{202e}\tx\n["\\u009b\\u202e"]\n');
  });

  it.each([
    ['env', '{}\n'],
    ['$ENV', '{}\n'],
    ['input_filename', '<stdin>\n'],
  ])('shows nothing of the process: %s', async (program, stdout) => {
    expect(await orders(program)).toEqual({ code: 0, stdout, stderr: '' });
  });

  it.each(['import "a" as a; .', 'include "/etc/passwd"; .', 'import "package" as $p {search: "/"}; $p'])(
    'reads no file: %s',
    async (program) => {
      expect(existsSync('/etc/passwd')).toBe(true);
      const { message } = await refused(2, program, 'order', 'list');
      expect(message).toContain('module not found');
    },
  );

  it.each([
    ['.[', 'syntax error, unexpected end of file at line 1, column 2'],
    ['.[] | no_such', 'no_such/0 is not defined at line 1, column 7'],
    ['', 'Top-level program not given'],
  ])('does nothing where the program does not compile: %s', async (program, complaint) => {
    const { code, message } = await refused(2, program, ...PLACE, '1', '--order-id', 'never');
    expect({ code, message }).toEqual({ code: 'USAGE', message: expect.stringContaining(complaint) });
    expect((await db.cli('order', 'show', 'never')).code).toBe(3);
  });

  it.each([['--csv'], ['--columns', 'order_id']])('excludes %s', async (...flag) => {
    const { message } = await refused(2, '.', ...PLACE, '1', '--order-id', 'never', ...flag);
    expect(message).toBe(`--jq and ${flag[0]} exclude each other.`);
    expect((await db.cli('order', 'show', 'never')).code).toBe(3);
  });

  it('says that a write stands whose answer the program fails on', async () => {
    const error = await refused(74, '.order_id.x', ...PLACE, '1', '--order-id', 'stands');
    expect(error).toEqual({
      code: 'JQ_FAILED',
      message: expect.stringContaining('Cannot index string with string'),
      hint: INCOMPLETE,
      retryable: false,
      changed: null,
    });
    expect(await db.json('order', 'show', 'stands')).toMatchObject({ quantity: 1 });
    await db.json('order', 'cancel', 'stands');
  });

  it('leaves errors and codes of the command as they are', async () => {
    expect(await refused(3, '.x', 'order', 'show', 'none')).toMatchObject({ code: 'ORDER_NOT_FOUND' });
    const found = ['backup', 'status', '--max-age', '1h'];
    expect((await db.cli(...found)).code).toBe(6);
    expect(await jq('type', ...found)).toMatchObject({ code: 6, stdout: 'array\n' });
    expect(await refused(6, '.x', ...found)).toMatchObject({ code: 'JQ_FAILED' });
  });

  it.each([
    ['"no orders\n" | halt_error', /failed: no orders$/],
    ['error("odd")', /failed: odd$/],
    ['[range(1e9)]', /no memory left/],
    ['reduce range(1e5) as $i (0; [.])', /nests too deeply/],
  ])('ends 74 with what %s says', async (program, message) => {
    expect((await refused(74, program, 'order', 'list')).message).toMatch(message);
  });

  it('passes what a program says beside its results to stderr', async () => {
    expect(await orders('"a" | debug, ("b\\u001b\n" | stderr | empty)')).toEqual({
      code: 0,
      stdout: 'a\n',
      stderr: '["DEBUG:","a"]\nb\\u{1b}\n',
    });
  });

  it('lets no program lose a secret that is shown once', async () => {
    const add = [
      'user',
      'add',
      '--user-id',
      'new',
      '--name',
      'N',
      '--email',
      'n@example.com',
      '--capital',
      '1',
    ];
    expect((await refused(2, '.user_id', ...add)).message).toContain('would not be shown');
    const { code, stdout } = await jq('.api_key', ...add);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^\S{20,}\n$/) });
  });

  it('applies to each row of a stream as it comes', async () => {
    const top = ['top', '--count', '2', '--interval', '250ms'];
    expect((await jq('type', ...top)).stdout).toBe('object\nobject\n');
    expect((await jq('input | type', ...top)).stdout).toBe('object\n');
    expect(await jq('type, halt', 'top', '--interval', '250ms')).toMatchObject({
      code: 0,
      stdout: 'object\n',
    });
    const ended = await jq('error("odd")', 'top', '--interval', '250ms');
    expect(ended).toMatchObject({ code: 74, stdout: '', stderr: expect.stringContaining('failed: odd') });
  });

  it('applies to each look of --watch until it is interrupted', async () => {
    const ending = new AbortController();
    const onOutput = (stdout: string) => {
      if (stdout === 'a\na\n') ending.abort(new Failure('interrupted', 'INTERRUPTED', 'Interrupted.'));
    };
    const argv = ['order', 'show', 'a', '--watch', '--interval', '100ms', '--jq', '.order_id'];
    const { code, stdout } = await db.cliWith({ signal: ending.signal, onOutput }, ...argv);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^a\na\n/) });
  });
});

describe.each(databases)('a program of --jq without an end on $name', ({ openCold }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await openCold();
  });
  afterAll(() => db.close());

  /** What fills the buffer, so that it is seen that the program runs. */
  const SEEN = 'range(2e4)';

  it.each([
    ['user list', 'def f: f; f', 130],
    ['user list', 'range(1e15) | empty', 130],
    ['user list --watch', 'def f: f; f', 0],
  ])('of %s ends at Ctrl-C: %s', async (line, program, code) => {
    const argv = [...line.split(' '), '--jq', `${SEEN}, (${program})`];
    const { child, ended } = start(db.env, ...argv);
    await new Promise((seen) => child.stdout.once('data', seen));
    const sent = performance.now();
    child.kill('SIGINT');
    expect((await ended).code).toBe(code);
    expect(performance.now() - sent).toBeLessThan(1_900);
  });

  it('ends where nobody reads, or where it has printed too much', async () => {
    expect(await shell(db.env, `$PINNACLE user list --jq 'range(1e15)' | head -n 2`)).toMatchObject({
      stdout: '0\n1\n',
      stderr: '',
    });
    const much = `$PINNACLE user list --jq 'repeat("x" * 1e7)' > /dev/null`;
    expect(await shell(db.env, much)).toMatchObject({
      code: 74,
      stderr: expect.stringContaining('printed more than 128 MB'),
    });
  });
});
