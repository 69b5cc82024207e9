// The main job on a throw-away embedded database, command by command, as an operator would type it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

await import('./setup.js');

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'pinnacle-demo-'));
const { DATABASE_URL, PINNACLE_CONFIG, PINNACLE_PROFILE, ...surroundings } = process.env;
const env = {
  ...surroundings,
  PINNACLE_DATABASE: 'embedded',
  PINNACLE_DATA_DIR: join(folder, 'database'),
  PINNACLE_FORCE_TTY: '1',
};

function say(text) {
  process.stdout.write(`\n${text}\n`);
}

function pinnacle(...argv) {
  const shown = argv.map((word) => (/^[\w./:,=+-]+$/.test(word) ? word : `'${word}'`)).join(' ');
  process.stdout.write(`\n$ pinnacle ${shown}\n`);
  const { status } = spawnSync(process.execPath, [join(root, 'bin/pinnacle.js'), ...argv], {
    cwd: folder,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) {
    process.stdout.write(`\nThis ended with exit code ${status}; the demo stops here.\n`);
    rmSync(folder, { recursive: true, force: true });
    process.exit(1);
  }
}

const sample = (name) => join(root, 'examples', name);

say('1. The rollout: what would run, the four phases, and where the database is now.');
pinnacle('migrate', 'up', '--to', '1');
pinnacle('migrate', 'plan', '--to', '2', '--columns', 'sql');
pinnacle('migrate', 'up');
pinnacle('migrate', 'status');

say('2. Two traders and a strategy.');
pinnacle(
  'user',
  'add',
  '--user-id',
  'trader_001',
  '--name',
  'Asha Rao',
  '--email',
  'asha@example.com',
  '--capital',
  '1000000',
);
pinnacle(
  'user',
  'add',
  '--user-id',
  'trader_002',
  '--name',
  'Ravi Iyer',
  '--email',
  'ravi@example.com',
  '--capital',
  '500000',
);
pinnacle('strategy', 'add', '--file', sample('rsi_dmi.json'));
pinnacle('strategy', 'activate', 'rsi_dmi', '--user', 'trader_001', '--allocation', '250000');

say('3. An order is placed, filled in two parts; another one is cancelled.');
const place = (id, user, symbol, side, quantity, ...more) =>
  pinnacle(
    'order',
    'place',
    '--order-id',
    id,
    '--user',
    user,
    '--symbol',
    symbol,
    '--side',
    side,
    '--quantity',
    quantity,
    ...more,
  );
place(
  'demo-1',
  'trader_001',
  'RELIANCE',
  'BUY',
  '100',
  '--type',
  'LIMIT',
  '--price',
  '2450.50',
  '--strategy',
  'rsi_dmi',
);
pinnacle('order', 'fill', 'demo-1', '--quantity', '40', '--price', '2450.50');
pinnacle('order', 'fill', 'demo-1', '--quantity', '60', '--price', '2449.75');
place('demo-2', 'trader_001', 'TCS', 'BUY', '50', '--type', 'LIMIT', '--price', '3890');
pinnacle('order', 'cancel', 'demo-2');

say('4. Selling more than the position holds flips it: the LONG row closes, a SHORT one opens.');
place('demo-3', 'trader_001', 'RELIANCE', 'SELL', '150', '--strategy', 'rsi_dmi');
pinnacle('order', 'fill', 'demo-3', '--quantity', '150', '--price', '2475');

say('5. A file of executed trades; importing it again adds nothing.');
pinnacle('order', 'import', sample('trades.csv'), '--as', 'trades', '--user', 'trader_002');
pinnacle('order', 'import', sample('trades.csv'), '--as', 'trades', '--user', 'trader_002');

say(
  '6. An order at the paper broker, which trades without money: sent, filled by quotes, brought into the book.',
);
place('demo-4', 'trader_002', 'INFY', 'BUY', '20', '--type', 'LIMIT', '--price', '1500', '--product', 'CNC');
pinnacle('order', 'send', 'demo-4');
// Only a quote that is newer than the order counts.
writeFileSync(
  join(folder, 'quotes.csv'),
  `symbol,ltp,bid,ask,timestamp\nINFY,1498.35,1498.3,1498.4,${new Date().toISOString()}\n`,
);
pinnacle('broker', 'paper', 'run', '--quotes', 'quotes.csv');
pinnacle('broker', 'sync', 'trader_002');

say('7. The book.');
pinnacle(
  'order',
  'list',
  '--columns',
  'order_id,user_id,symbol,side,quantity,filled_quantity,filled_price,status',
);
const columns = [
  '--columns',
  'user_id,symbol,side,quantity,average_price,current_price,unrealized_pnl,realized_pnl,status',
];
pinnacle('position', 'list', '--status', 'any', ...columns);
pinnacle('user', 'list');
pinnacle('migrate', 'status');

rmSync(folder, { recursive: true, force: true });
say(`Done; the database of this demo is gone again.
To work on a server of your own:

  export DATABASE_URL=postgres://user@host:5432/database
  node bin/pinnacle.js migrate up

or for an embedded database that stays: export PINNACLE_DATABASE=embedded`);
