import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { cli } from './cli.ts';
import { startHook } from './receivers.ts';

/**
 * Every command of the program, in an order in which each can do its work: an operator's day, then the rollout's.
 * A line is `command words…`, perhaps `< what it reads`; `sql:` is what somebody did in between.
 */
const DAY = `
config init --database embedded --time-zone Asia/Kolkata --config made.json --yes
config show --origin
config path
config validate made.json
demo --remove --dir playground --yes
migrate status
migrate plan
migrate verify
migrate drift
doctor
keys generate
keys generate
keys activate {new_key}
user add --user-id u2 --name B --email b@example.com --capital 1000000 --json
user import {traders} --keys {keys}
user list
user show u2
user update u2 --name C
user deposit u2 50000 --reference d1
user withdraw u2 1000
user flows u2
user flow-totals u2
user reverse-flow {flow} --reason r --yes
user verify-key --record-login < {api_key}
user login --json < {api_key}
user logins list u2
user logins revoke u2 {login}
user logins revoke-all u2
user disable u2
user enable u2
user rotate-key u2 --grace 1h --json
user credentials set u2 --field broker_secret --secret-stdin < {secret}
user credentials import - < {credentials}
user credentials show u2
user credentials verify u2
keys rotate
keys encrypt
keys verify
keys status
keys retire {old_key} --yes
strategy add --strategy-id s1 --name S --description d --category c --risk-level low --min-capital 1 --expected-return 1 --max-drawdown 1 --symbols ITC,TCS --parameters {}
strategy import {strategies}
strategy update s1 --name T
strategy disable s1
strategy enable s1
strategy list
strategy show s1
strategy activate s1 --user u2 --allocation 1000
strategy pause s1 --user u2
strategy resume s1 --user u2
session start u2
risk set u2 MAX_ORDERS_PER_DAY 99
risk list
order place --order-id o1 --user u2 --symbol ITC --side BUY --type LIMIT --quantity 10 --price 100 --strategy s1
order accept o1 --broker-order-id b1
order amend o1 --price 101
order fill o1 --quantity 10 --price 100 --broker-fill-id f1
sql: INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price) SELECT o, 'u2', 'TCS', 'BUY', 'LIMIT', 1, 1 FROM unnest('{o2,o3}'::text[]) o
order reject o2 --reason margin
order retry o2
order send o2
order cancel o3
import inspect {trades}
order import {trades} --as trades --user u2
order list
order show o1
order watch --for 1s
market set ITC --ltp 101
market import {quotes}
market get ITC
market list
market watch ITC --count 1
market rates --for 0s
instrument import {instruments}
instrument search state
instrument show ITC
calendar import {holidays}
calendar show --year 2026
charges estimate --symbol ITC --side BUY --quantity 10 --price 410 --product MIS
charges show 2026-01-30
charges compare {note} --user u2
charges book --user u2
symbol alias OLDITC ITC --from 2026-01-01
symbol list
sql: UPDATE orders SET symbol = 'OLDITC' WHERE order_id = 'o3'
position merge-symbol OLDITC --all --yes
position unmerge-symbol {merge} --yes
symbol unalias OLDITC
corporate-action add split M&M --ex-date 2026-02-02 --ratio 2:1
corporate-action list
corporate-action plan {action}
corporate-action apply {action} --yes
corporate-action reverse {action} --reason r --yes
fill list
fill correct {fill} --price 101 --reason r --yes
position list
position show {position}
position mark ITC=101
position history {position}
position pnl
report performance --user u2 --since 2024-04-01 --until 2024-04-30
report months
report snapshot
report day
report rebuild --user u2 --prices {prices}
report trades --user u2
broker login u2
broker status u2
broker funds u2
broker sync u2
broker logout u2
reconcile orders u2
reconcile positions u2
reconcile funds u2
reconcile adopt u2 --position TCS --reason r --yes
risk check
broker paper run --quotes {quotes}
risk time-zone Asia/Kolkata
risk status
notification send --user u2 --type SYSTEM_ERROR --title t --message m
notification list
notification watch --since today --for 1s
notification show {notification}
notification read {notification}
alert channel add desk webhook --url {hook} --secret-stdin < {signing_secret}
alert channel rotate desk --secret-stdin < {signing_secret}
alert channel disable desk
alert channel enable desk
alert channel list
alert channel test desk
alert route add desk --level CRITICAL
alert route list
alert deliver
alert status
alert retry --all
alert dismiss --all --yes
alert route remove {route} --yes
alert channel remove desk --yes
session list
session show --user u2
position close {position} --price 102
risk flatten u2 --at TCS=90 --confirm u2
risk resume u2 --reason r --confirm u2
fill bust {fill} --reason r --yes
session recompute {session}
session end u2
strategy stats
strategy stop s1 --user u2
risk remove u2 MAX_ORDERS_PER_DAY --yes
risk halt u2 --reason r --yes
risk resume u2 --reason r --confirm u2
sql: INSERT INTO realtime_outbox (kind, key) VALUES ('order', 'o1')
realtime drain
sql: INSERT INTO realtime_outbox (kind, key) VALUES ('order', 'o1')
realtime rebuild
doctor realtime
doctor ledger
sql: INSERT INTO notifications (notification_id, notification_type, title, message, created_at) VALUES ('n1', 'SYSTEM_ERROR', 't', 'm', '2020-01-01')
retention plan
retention run --yes
status
top --once
doctor engine
doctor replicas
schedule print crontab
metrics print
metrics serve --listen 127.0.0.1:0 --for 1s
version
completion bash
completion zsh
completion fish
completion powershell
completion suggest -- user sh
audit list
audit foreign
audit show 1
audit seal
audit verify
audit export --output audit.ndjson --force
order export --output orders.csv --force
position export --output positions.csv --force
session export --output sessions.csv --force
notification export --output notifications.csv --force
schema compat
backup create --output {backup}
backup list
backup verify {backup}
backup status --max-age 26h
backup prune --keep 9
access show
user credentials clear u2 --yes
user revoke-key u2 --yes
user offboard u2 --to {history} --confirm u2
schema show
ledger adopt --all --yes
schema shared
schema strict
partition status
partition enable orders --yes
partition ensure --months 4
partition check
migrate redo --keep-capital --confirm {database}
migrate down --keep-capital --confirm {database}
migrate up
migrate down --to 0 --confirm {database}
backup restore {backup}
sql: DROP TABLE pinnacle_migrations
migrate baseline 4
migrate adopt
sql: UPDATE pinnacle_migrations SET up_sha256 = 'x' WHERE phase = 4
migrate repair --yes
access plan
access apply --yes
`;

/** Whether a command can do nothing without Redis. */
export const needsRedis = (path: string) => /realtime|watch$|^market|^user logins?/.test(path);

/** Whether a command compares with an engine that takes seconds to start: once is enough then. */
export const isSlow = (path: string) => ['migrate drift', 'doctor'].includes(path);

/** A line of the day. */
export type Line = { sql: string } | { path: string; text: string; stdin: string | undefined };

/** One command of `help --json`. */
export interface HelpEntry {
  path: string;
  usage?: string;
  effect?: 'read' | 'write' | 'destroy';
  commands?: HelpEntry[];
}

/** Every command of the program. */
export const everyCommand = async () => commandsOf((await cli(['help', '--json'])).stdout);

/** Every command that `help --json` printed. */
export function commandsOf(help: string): HelpEntry[] {
  const leaves = (entry: HelpEntry): HelpEntry[] => [
    ...(entry.effect ? [entry] : []),
    ...(entry.commands ?? []).flatMap(leaves),
  ];
  return leaves(JSON.parse(help)).filter(({ path }) => path);
}

/** The lines of the day, each known as one of the commands. */
export function dayOf(commands: readonly HelpEntry[]): Line[] {
  // `doctor ledger` before `doctor`.
  const paths = commands.map(({ path }) => path).sort((a, b) => b.length - a.length);
  return DAY.trim()
    .split('\n')
    .map((line) => {
      if (line.startsWith('sql: ')) return { sql: line.slice(5) };
      const [text = '', stdin] = line.split(' < ');
      const path = paths.find((one) => `${text} `.startsWith(`${one} `));
      if (path === undefined) throw new Error(`there is no such command: ${text}`);
      return { path, text, stdin };
    });
}

/** What stands for names that are not known before: `{position}`, `{new_key}`. */
export async function fillIn(
  text: string,
  db: { query: (sql: string) => Promise<{ rows: Record<string, unknown>[] }> },
  ring: string,
  known: Readonly<Record<string, string>>,
): Promise<string> {
  const lookUp = async (name: string): Promise<string> => {
    if (known[name] !== undefined) return known[name];
    if (FILES.includes(name)) return resolve(`examples/${name}.csv`);
    const made = MADE[name];
    if (made) return made(ring, known);
    const query = QUERIES[name];
    if (!query) throw new Error(`nothing is known of {${name}}`);
    return String((await db.query(query)).rows[0]?.['id']);
  };
  const names = [...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  let filled = text;
  for (const name of names) filled = filled.replace(`{${name}}`, await lookUp(name));
  return filled;
}

const SIGNING_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

let hook: Promise<string> | undefined;
/** A webhook on this machine that takes everything. */
function hookUrl(): Promise<string> {
  hook ??= startHook().then(({ url }) => url);
  return hook;
}

/** What is no row of the database, by the path of the key ring and what is known. */
type Make = (ring: string, known: Readonly<Record<string, string>>) => string | Promise<string>;
const MADE: Readonly<Record<string, Make>> = {
  hook: hookUrl,
  signing_secret: () => SIGNING_SECRET,
  backup: (ring) => `${ring}.pinbackup`,
  keys: (ring) => `${ring}.${randomUUID()}.csv`,
  new_key: (ring) => keyIn(ring, true),
  old_key: (ring) => keyIn(ring, false),
  history: (ring) => `${ring}.${randomUUID()}`,
  credentials: (_ring, known) => `user_id,broker_secret\nu2,${known['secret']}\n`,
};

/** Files of examples/. */
const FILES = ['trades', 'quotes', 'traders', 'strategies', 'instruments', 'holidays', 'prices', 'note'];

const QUERIES: Readonly<Record<string, string>> = {
  position: "SELECT position_id AS id FROM positions WHERE symbol = 'ITC' LIMIT 1",
  fill: "SELECT fill_id AS id FROM order_fills JOIN orders USING (order_id) WHERE symbol = 'ITC' ORDER BY seq DESC LIMIT 1",
  notification: 'SELECT notification_id AS id FROM notifications ORDER BY created_at DESC LIMIT 1',
  session: 'SELECT session_id AS id FROM trading_sessions ORDER BY start_time DESC LIMIT 1',
  flow: "SELECT flow_id AS id FROM cash_flows WHERE kind = 'withdrawal' LIMIT 1",
  action: 'SELECT action_id AS id FROM corporate_actions LIMIT 1',
  route: 'SELECT route_id AS id FROM alert_routes LIMIT 1',
  merge: 'SELECT merge_id AS id FROM symbol_merges LIMIT 1',
  database: 'SELECT current_database() AS id',
};

/** What a later line needs of what an earlier one printed, as JSON or to a person. */
export function remember(stdout: string, known: Record<string, string>): void {
  const [, api_key] =
    /(?:"api_key": ?"|API key, shown this once: \W*1?m?)(pin_live_\w{30,})/.exec(stdout) ?? [];
  if (api_key !== undefined) known['api_key'] = api_key;
  const [, login] = /(?:"session_id": ?"|Logged in \w+: )(lgn_\w+)/.exec(stdout) ?? [];
  if (login !== undefined) known['login'] = login;
}

/** The key of a ring that is not active: the newest, or the oldest. */
async function keyIn(path: string, newest: boolean): Promise<string> {
  const { active, keys } = JSON.parse(await readFile(path, 'utf8'));
  const others = Object.keys(keys).filter((id) => id !== active);
  return String(newest ? others.at(-1) : others[0]);
}
