import type { ZodError } from 'zod';

/** What a body lacks, in one line: `properties.mode: Invalid input; ...`. */
export const formatIssues = ({ issues }: Pick<ZodError, 'issues'>): string =>
  issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; ');
