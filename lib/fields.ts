import { InvalidParameterError } from './errors.js';

/** What the vendor's tables say of one field, as data. Read by {@link checkFields} only. */
export interface FieldRule {
  /** Absent, null and the empty string are refused. */
  readonly required?: boolean;
  /** Default 'string'. 'integer' takes a safe integer; 'string' takes a string and nothing else. */
  readonly type?: 'string' | 'integer';
  /** The vendor's String(n), counted in characters. */
  readonly maxCharacters?: number;
  /** For the one field of which the gateway counts UTF-8 bytes (body: docs/facts.md#text-and-xml). */
  readonly maxBytes?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly values?: readonly string[];
  readonly pattern?: RegExp;
  /** Says in words what `pattern` or `check` demands; the end of a sentence that begins with the field's name. */
  readonly rule?: string;
  /** For what a pattern can't say: true if the value is good. */
  readonly check?: (value: string) => boolean;
}

export type FieldTable = Readonly<Record<string, FieldRule>>;

export const isAbsent = (value: unknown): boolean => value === undefined || value === null || value === '';

/** A wrong value, for a message; of what may be of any size only what it is. */
export const shown = (value: unknown): string =>
  value !== null && (typeof value === 'object' || typeof value === 'function')
    ? `of type ${typeof value}`
    : String(value);

// The vendor's FAQ: characters outside the Basic Multilingual Plane are rejected. A lone surrogate is not a character
// at all.
const surrogate = /[\ud800-\udfff]/;

function brokenRule(value: unknown, rule: FieldRule): string | undefined {
  if (rule.type === 'integer') {
    if (typeof value !== 'number') return `must be a number, not a ${typeof value}`;
    if (!Number.isSafeInteger(value)) return `must be a whole number, not ${value}`;
    if (rule.minimum !== undefined && value < rule.minimum) return `must be at least ${rule.minimum}, not ${value}`;
    if (rule.maximum !== undefined && value > rule.maximum) return `must be at most ${rule.maximum}, not ${value}`;
    return undefined;
  }
  if (typeof value !== 'string') return `must be a string, not a ${typeof value}`;
  const size = `; it has ${value.length}`;
  if (surrogate.test(value))
    return `must not contain an emoji or another character outside the Basic Multilingual Plane${size} code units`;
  if (rule.maxCharacters !== undefined && value.length > rule.maxCharacters)
    return `must have at most ${rule.maxCharacters} characters${size}`;
  const bytes = Buffer.byteLength(value);
  if (rule.maxBytes !== undefined && bytes > rule.maxBytes)
    return `must have at most ${rule.maxBytes} UTF-8 bytes; it has ${bytes}`;
  if (rule.values !== undefined && !rule.values.includes(value))
    return `must be one of ${rule.values.join(', ')}${size} characters`;
  if (rule.pattern?.test(value) === false || rule.check?.(value) === false)
    return `${rule.rule ?? 'has the wrong form'}${size} characters`;
  return undefined;
}

/**
 * Holds parameters against a table of rules. Fields that the table doesn't list are left alone.
 * @throws InvalidParameterError for the first field that breaks its rule; names field, rule and length, never the value.
 */
export function checkFields(table: FieldTable, params: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(table)) {
    const rule = table[name] ?? {};
    const value = Object.hasOwn(params, name) ? params[name] : undefined;
    if (isAbsent(value)) {
      if (rule.required) throw new InvalidParameterError(name, 'is required');
      continue;
    }
    const broken = brokenRule(value, rule);
    if (broken !== undefined) throw new InvalidParameterError(name, broken);
  }
}
