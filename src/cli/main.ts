#!/usr/bin/env node
import { endOnCrash, requireNode } from './crash.ts';

requireNode();
endOnCrash();
await import('./entry.ts');
