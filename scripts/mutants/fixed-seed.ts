/** Imported before each test file of a mutation run: its properties try the same cases every time, so a score can be repeated. */
import fc from 'fast-check';

fc.configureGlobal({ seed: 1, endOnFailure: true });
