import { WxpayFaceError } from '../errors.js';

export { LibraryLoadError } from '../addon.js';

// docs/facts.md#the-library: observed with the vendor's own library.
const returnValues: Readonly<Record<number, string>> = {
  [-1]: 'nobody listens on its pipe: start the WxpayFaceService program, as administrator',
  [-3]: 'the WxpayFaceService program broke the connection before it answered',
  [-4]: 'the WxpayFaceService program broke the connection in the middle of its answer',
};

/** wxpayCallFaceService returned non-zero. */
export class ServiceCallError extends WxpayFaceError {
  declare readonly code: 'ERR_SERVICE_CALL';
  readonly cmd: string;
  readonly returnValue: number;

  constructor(cmd: string, returnValue: number) {
    const meaning = returnValues[returnValue];
    super(
      'ServiceCallError',
      'ERR_SERVICE_CALL',
      `${cmd}: the library returned ${returnValue}${meaning === undefined ? '' : ` (${meaning})`}`,
    );
    this.cmd = cmd;
    this.returnValue = returnValue;
  }
}

/** The response was not UTF-8 JSON of an object with a return_code, or lacks a field that the command promises. */
export class ServiceResponseError extends WxpayFaceError {
  declare readonly code: 'ERR_SERVICE_RESPONSE';
  readonly cmd: string;

  /** @param problem What is wrong with the response, never what is in it. */
  constructor(cmd: string, problem: string) {
    super('ServiceResponseError', 'ERR_SERVICE_RESPONSE', `${cmd}: the response ${problem}`);
    this.cmd = cmd;
  }
}

/** Why a call has no response, other than by its return value; by the addon's code, and by the host process's outcome (frame.h). */
export const missingResponses: ReadonlyArray<{
  readonly code: string;
  readonly outcome: number;
  readonly problem: string;
}> = [
  { code: 'ERR_NULL_RESPONSE', outcome: 1, problem: 'is a null pointer with a size' },
  { code: 'ERR_RESPONSE_TOO_LONG', outcome: 2, problem: 'has more than 64 MiB' },
  { code: 'ERR_OUT_OF_MEMORY', outcome: 3, problem: 'found no memory to be copied to' },
  {
    code: 'ERR_OUT_OF_RESOURCES',
    outcome: 4,
    problem: 'will not come: the system has no thread for the call. Nothing was sent',
  },
];

/** The service answered another return_code than the command's good ones. */
export class ServiceCommandError extends WxpayFaceError {
  declare readonly code: 'ERR_SERVICE_COMMAND';
  readonly cmd: string;
  readonly return_code: string;
  readonly return_msg?: string;

  constructor(cmd: string, return_code: string, return_msg: string | undefined) {
    super(
      'ServiceCommandError',
      'ERR_SERVICE_COMMAND',
      `${cmd}: the service answered ${return_code}${return_msg ? ` (${return_msg})` : ''}`,
    );
    this.cmd = cmd;
    this.return_code = return_code;
    if (return_msg !== undefined) this.return_msg = return_msg;
  }
}

/** The host process ended or did not answer. It is started again for the next call. */
export class HostProcessError extends WxpayFaceError {
  declare readonly code: 'ERR_HOST_PROCESS';

  constructor(problem: string, cause?: unknown) {
    super('HostProcessError', 'ERR_HOST_PROCESS', `the host process of the library ${problem}`, causeOf(cause));
  }
}

const causeOf = (cause: unknown) => (cause === undefined ? {} : { cause });

interface CallSite {
  readonly stack?: string;
}

/** Where a public method was called. The frames are put into words only if they are needed. */
export function callSite(method: (...args: never[]) => unknown): CallSite {
  const site = {};
  Error.captureStackTrace(site, method);
  return site;
}

/** An error that comes back from another thread or process has no stack that helps: gives it the caller's. */
export function calledFrom({ stack }: CallSite, error: unknown): unknown {
  if (error instanceof WxpayFaceError && typeof stack === 'string')
    // Its first line; there may be no other.
    error.stack = stack.replace(/^.*/, () => `${error.name}: ${error.message}`);
  return error;
}
