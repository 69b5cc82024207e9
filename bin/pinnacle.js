#!/usr/bin/env node
'use strict';

/** Ends with a sentence instead of a stack; 78 is the exit code of a configuration that cannot be used. */
function fail(message, exitCode) {
  process.stderr.write(`error: ${message}\n`);
  process.exitCode = exitCode;
}

function start() {
  // Answered before anything is loaded: scripts ask for it often.
  if (process.argv.length === 3 && ['--version', '-V', '-v'].includes(process.argv[2])) {
    process.stdout.write(`pinnacle ${require('../dist/package.json').version}\n`);
    return undefined;
  }
  const { loadProgram } = require('./code-cache.js');
  return loadProgram().main();
}

function cannotStart({ code, name }) {
  const { existsSync } = require('node:fs');
  const { join } = require('node:path');
  if (!existsSync(join(__dirname, '../dist/main.js')))
    return fail(`pinnacle is not built. Run in ${join(__dirname, '..')}: npm install && npm run build`, 78);
  return fail(`pinnacle cannot start (${code ?? name}). Install it again, with Node.js 20.19 or later.`, 1);
}

try {
  Promise.resolve(start()).catch(cannotStart);
} catch (error) {
  cannotStart(error);
}
