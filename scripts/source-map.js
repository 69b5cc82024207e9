// Text with the places in src/ that it was made from, which stay right while the text is edited. Places are kept by their offset in
// the text, so that an edit only moves what comes after it.

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The numbers of a segment of `mappings`, in base 64 VLQ. */
function decode(segment) {
  const numbers = [];
  let [value, shift] = [0, 0];
  for (const digit of segment) {
    const bits = DIGITS.indexOf(digit);
    value += (bits & 31) << shift;
    shift += 5;
    if (bits & 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return numbers;
}

function encode(number) {
  let rest = number < 0 ? (-number << 1) | 1 : number << 1;
  let text = '';
  do {
    text += DIGITS[(rest & 31) | (rest > 31 ? 32 : 0)];
    rest >>>= 5;
  } while (rest > 0);
  return text;
}

const startsOf = (text) => {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
};

/** The text with the places that a source map has of it; `isOurs` says of which sources they are kept. */
export function mapped(text, { sources, mappings }, isOurs) {
  const places = [];
  const starts = startsOf(text);
  let [source, line, column] = [0, 0, 0];
  for (const [i, segments] of mappings.split(';').entries()) {
    let at = starts[i];
    for (const segment of segments.split(',').filter(Boolean)) {
      const [by, bySource, byLine, byColumn] = decode(segment);
      at += by;
      if (bySource !== undefined) {
        source += bySource;
        line += byLine;
        column += byColumn;
      }
      const path = bySource === undefined ? undefined : isOurs(sources[source]);
      places.push({ at, ...(path && { path, line, column }) });
    }
  }
  return { text, places };
}

/** The same with each match of a pattern replaced by what a function makes of it, as String.replace does. */
export function replaced({ text, places }, pattern, replacement) {
  const edits = [];
  const edited = text.replace(pattern, (match, ...groups) => {
    const at = groups.findLast((group) => typeof group === 'number');
    const made = replacement(match, ...groups);
    edits.push({ at, end: at + match.length, by: made.length - match.length });
    return made;
  });
  let [next, moved] = [0, 0];
  const kept = places.flatMap((place) => {
    for (; edits[next] && edits[next].end <= place.at; next++) moved += edits[next].by;
    // What stood within is gone.
    return edits[next] && edits[next].at < place.at ? [] : [{ ...place, at: place.at + moved }];
  });
  return { text: edited, places: kept };
}

/** Texts one behind the other. */
export function joined(parts) {
  const places = [];
  let text = '';
  for (const part of parts) {
    const from = text.length;
    if (part === '') continue;
    if (typeof part === 'string') {
      text += part;
      places.push({ at: from });
    } else {
      text += part.text;
      places.push(...part.places.map((place) => ({ ...place, at: place.at + from })));
    }
  }
  return { text, places };
}

/** The source map of the text, version 3. */
export function sourceMap({ text, places }) {
  const sources = [...new Set(places.flatMap(({ path }) => path ?? []))];
  const numbers = new Map(sources.map((path, i) => [path, i]));
  const starts = startsOf(text);
  const lines = starts.map(() => []);
  let row = 0;
  let last = { row: 0, at: 0, source: 0, line: 0, column: 0 };
  let wasOurs = false;
  for (const { at, path, line, column } of places) {
    if (path === undefined && !wasOurs) continue;
    wasOurs = path !== undefined;
    while (row + 1 < starts.length && starts[row + 1] <= at) row++;
    const from = at - starts[row];
    const by = from - (last.row === row ? last.at : 0);
    last = { ...last, row, at: from };
    if (path === undefined) {
      lines[row].push(encode(by));
      continue;
    }
    const source = numbers.get(path);
    lines[row].push([by, source - last.source, line - last.line, column - last.column].map(encode).join(''));
    last = { ...last, source, line, column };
  }
  return { version: 3, sources, names: [], mappings: lines.map((segments) => segments.join(',')).join(';') };
}
