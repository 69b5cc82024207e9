#!/usr/bin/env node
'use strict';

// Answered before anything is loaded: scripts ask for it often.
if (process.argv.length === 3 && process.argv[2] === '--version') {
  process.stdout.write(`${require('../package.json').version}\n`);
} else {
  const { enableCodeCache } = require('./code-cache.js');
  enableCodeCache();
  require('../dist/main.js').main();
}
