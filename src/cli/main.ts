#!/usr/bin/env node
console.error('vhuscope: nothing to run yet');
process.exitCode = 1;
