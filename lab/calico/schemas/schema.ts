/** A structural OpenAPI v3 schema. */
export type Schema = Readonly<Record<string, unknown>>;

/** A CEL rule, and the API server's message when it does not hold. */
export interface Validation {
  readonly rule: string;
  readonly message: string;
}

/** Short forms of structural OpenAPI v3 schemas. */
export const schema = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  number: { type: 'number' },
  integer: { type: 'integer' },
  port: { type: 'integer', minimum: 0, maximum: 65_535 },
  /**
   * A field of any content, known so that a validation can refuse it; the server would drop an unknown one silently.
   */
  anything: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  /** Strings must match the pattern. */
  integerOrString: (pattern: string): Schema => ({ 'x-kubernetes-int-or-string': true, pattern }),
  enumeration: (...values: readonly string[]): Schema => ({ type: 'string', enum: values }),
  list: (items: Schema, maxItems?: number): Schema => ({
    type: 'array',
    items,
    ...(maxItems !== undefined && { maxItems }),
  }),
  map: (additionalProperties: Schema): Schema => ({ type: 'object', additionalProperties }),
  object: (properties: Readonly<Record<string, Schema>>, ...validations: readonly Validation[]): Schema => ({
    type: 'object',
    properties,
    ...(validations.length > 0 && { 'x-kubernetes-validations': validations }),
  }),
  must: (message: string, rule: string): Validation => ({ rule, message }),
} as const;
