/** Short forms of structural OpenAPI v3 schemas. */
export type Schema = Readonly<Record<string, unknown>>;

export const string: Schema = { type: 'string' };
export const boolean: Schema = { type: 'boolean' };
export const number: Schema = { type: 'number' };
export const integer: Schema = { type: 'integer' };
export const port: Schema = { type: 'integer', minimum: 0, maximum: 65_535 };

export const oneOf = (...values: readonly string[]): Schema => ({ type: 'string', enum: values });
export const listOf = (items: Schema, maxItems?: number): Schema => ({
  type: 'array',
  items,
  ...(maxItems !== undefined && { maxItems }),
});
export const mapOf = (additionalProperties: Schema): Schema => ({ type: 'object', additionalProperties });
export const object = (
  properties: Readonly<Record<string, Schema>>,
  ...validations: readonly Validation[]
): Schema => ({
  type: 'object',
  properties,
  ...(validations.length > 0 && { 'x-kubernetes-validations': validations }),
});
/** A field of any content, known so that a validation can refuse it instead of the server dropping it silently. */
export const anything: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
/** Strings must match the pattern. */
export const integerOrString = (pattern: string): Schema => ({ 'x-kubernetes-int-or-string': true, pattern });

/** A CEL rule and what the API server says when it does not hold. */
export interface Validation {
  readonly rule: string;
  readonly message: string;
}
export const must = (message: string, rule: string): Validation => ({ rule, message });
