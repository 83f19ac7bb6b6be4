import { randomBytes, randomUUID } from 'node:crypto';
import { InvalidParameterError } from 'wxpay-face';
import { hashOf } from '../terminals/terminal.js';

/* Who may look at what the server does for which merchants, and act. */

export const roles = ['look', 'act'] as const;
export type Role = (typeof roles)[number];

/** A person as it is added. */
export interface NewPerson {
  /** As people call it: what it does is told under this name. */
  readonly name: string;
  /** Whose sales are shown to it, by name; a service provider's name stands for all its sub-merchants, `provider/sub` for one of them. */
  readonly merchants: readonly string[];
  /** 'look' sees; 'act' also gives up, gives back, acknowledges and replays. */
  readonly role: Role;
}

/** A person as it is kept: its token's hash, never the token. */
export interface Person {
  /** Of this person alone: one of the same name that is added later is another. */
  readonly id: string;
  readonly name: string;
  readonly merchants: readonly string[];
  readonly role: Role;
  readonly tokenHash: string;
}

/** Where people are kept, and who of them has signed in. */
export interface People {
  /** One of the same name is withdrawn, and its sessions end. */
  add(person: Person): Promise<void>;
  /** Ends its sessions, too. False if there is none of that name. */
  remove(name: string): Promise<boolean>;
  list(): Promise<Person[]>;
  find(tokenHash: string): Promise<Person | undefined>;
  /** @param sessionHash Of what the browser keeps. @param duration Milliseconds. */
  begin(person: Person, sessionHash: string, duration: number): Promise<void>;
  /** Whose session it is, if it's not over and the person is still there. */
  inSession(sessionHash: string): Promise<Person | undefined>;
  end(sessionHash: string): Promise<void>;
}

/** Whether a person is to see what is a merchant's, by the name that the server knows it by: `tea`, or `provider/sub`. */
export const maySee = ({ merchants }: Pick<Person, 'merchants'>, name: string): boolean =>
  merchants.some((each) => name === each || name.startsWith(`${each}/`));

export const isRole = (value: unknown): value is Role => roles.some((role) => role === value);

/** What came back from a file. */
export const isPerson = (value: unknown): value is Person => {
  const { id, name, merchants, role, tokenHash } = Object(value);
  return (
    [id, name, tokenHash].every((text) => typeof text === 'string') &&
    Array.isArray(merchants) &&
    merchants.every((merchant) => typeof merchant === 'string') &&
    isRole(role)
  );
};

/** Bytes: of a token and of a session, which are both chance itself, so that a hash needs no salt. */
const length = 32;

export const newSecret = (): string => randomBytes(length).toString('base64url');

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= 128 && value.isWellFormed() && !/\p{Cc}/u.test(value);

/**
 * @param known The names of the server's merchants.
 * @throws InvalidParameterError for a field that is unknown or invalid, or a merchant that nobody knows.
 */
export function newPerson(given: NewPerson, known: readonly string[]): { person: Person; token: string } {
  const { name, merchants, role, ...unknown } = given;
  if (!isText(name)) throw new InvalidParameterError('name', 'must be a text of 1 to 128 characters');
  if (!Array.isArray(merchants) || merchants.length === 0)
    throw new InvalidParameterError('merchants', 'must be a list of at least one name');
  for (const merchant of merchants)
    if (!isText(merchant) || !known.some((each) => maySee({ merchants: [merchant] }, each)))
      throw new InvalidParameterError('merchants', 'has a name that is none of this server’s');
  if (!isRole(role)) throw new InvalidParameterError('role', `must be one of ${roles.join(', ')}`);
  for (const field of Object.keys(unknown)) throw new InvalidParameterError(field, 'is not known');
  const token = newSecret();
  const person = { id: randomUUID(), name, merchants: [...new Set(merchants)], role, tokenHash: hashOf(token) };
  return { person, token };
}
