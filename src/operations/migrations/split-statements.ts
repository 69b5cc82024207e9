/** One statement of a script, without its semicolon, and the line it begins on. */
export interface Statement {
  sql: string;
  line: number;
}

const TRAILER = String.raw`[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*`;
// SQL joins literals separated by a line break, so backslashes also escape in the second part of an E'…'.
const JOIN = String.raw`(?:[ \t\f\v]|--[^\n\r]*)*[\n\r](?:\s|--[^\n\r]*[\n\r])*`;
const ESCAPED = String.raw`'[^'\\]*(?:(?:\\[^]|'')[^'\\]*)*'`;
/** The tokens of PostgreSQL, as far as they decide what a semicolon means. */
const TOKEN = new RegExp(
  [
    String.raw`(?<blank>\s+|--[^\n\r]*)`,
    String.raw`(?<comment>/\*)`,
    `(?<escaped>[eE]${ESCAPED}(?:${JOIN}${ESCAPED})*)`,
    `(?<quoted>'[^']*(?:''[^']*)*'|"[^"]*(?:""[^"]*)*")`,
    String.raw`(?<dollar>\$(?:${TRAILER})?\$)`,
    String.raw`(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)`,
    String.raw`(?<digits>\d[\w.]*)`,
    '(?<other>[^])',
  ].join('|'),
  'y',
);

interface Token {
  kind: string;
  text: string;
}

/**
 * Splits a script as PostgreSQL would: semicolons within quotes, dollar quotes, nested comments, parentheses and BEGIN
 * ATOMIC bodies do not end a statement. Drops comments before a statement and keeps those inside it.
 */
export function splitStatements(script: string): Statement[] {
  const statements: Statement[] = [];
  let start = -1;
  let end = 0;
  let nesting = newNesting();
  let at = 0;
  const finish = () => {
    if (start >= 0) statements.push({ sql: script.slice(start, end), line: lineOf(script, start) });
    start = -1;
    nesting = newNesting();
  };
  while (at < script.length) {
    const token = next(script, at);
    if (token.text === ';' && !isInside(nesting)) finish();
    else if (token.kind !== 'blank' && token.kind !== 'comment') {
      if (start < 0) start = at;
      end = at + token.text.length;
      follow(nesting, token);
    }
    at += token.text.length;
  }
  finish();
  return statements;
}

function next(script: string, at: number): Token {
  TOKEN.lastIndex = at;
  const groups = TOKEN.exec(script)?.groups ?? {};
  const [kind = 'other', text = ''] = Object.entries(groups).find(([, value]) => value !== undefined) ?? [];
  if (kind === 'comment') return { kind, text: script.slice(at, endOfComment(script, at)) };
  if (kind === 'dollar') return { kind, text: script.slice(at, endOfDollar(script, at, text)) };
  return { kind, text };
}

function endOfComment(script: string, from: number): number {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = from;
  let depth = 0;
  for (let found = edge.exec(script); found; found = edge.exec(script)) {
    depth += found[0] === '/*' ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return script.length;
}

function endOfDollar(script: string, from: number, tag: string): number {
  const close = script.indexOf(tag, from + tag.length);
  return close < 0 ? script.length : close + tag.length;
}

/** What encloses a semicolon. The first words tell whether BEGIN opens a body or is a statement of its own. */
interface Nesting {
  parentheses: number;
  blocks: number;
  head: string[];
}

const newNesting = (): Nesting => ({ parentheses: 0, blocks: 0, head: [] });
const isInside = ({ parentheses, blocks }: Nesting) => parentheses > 0 || blocks > 0;

function follow(nesting: Nesting, { kind, text }: Token): void {
  if (text === '(') nesting.parentheses++;
  else if (text === ')') nesting.parentheses--;
  if (kind !== 'word') return;
  const word = text.toLowerCase();
  if (nesting.head.length < 4) nesting.head.push(word);
  if (!/^create (or replace )?(function|procedure)\b/.test(nesting.head.join(' '))) return;
  if (word === 'begin' || (word === 'case' && nesting.blocks > 0)) nesting.blocks++;
  else if (word === 'end' && nesting.blocks > 0) nesting.blocks--;
}

function lineOf(script: string, at: number): number {
  return script.slice(0, at).split('\n').length;
}
