/** One request on its way to the vendor's function. */
export interface CommandRequest {
  readonly cmd: string;
  /** JSON in UTF-8. */
  readonly request: Uint8Array;
  /** Only if the command waits for a person. */
  readonly person?: {
    /** Asks the service to end that wait. */
    readonly stop: () => void;
    /** False once the caller has turned to the next customer: then neither a stop nor a new start may get in the way. */
    readonly awaited: () => boolean;
    /** Milliseconds that the person has, if others than the library's humanTimeout. */
    readonly timeout?: number | undefined;
  };
}

/** The vendor's library, loaded once. */
export interface LoadedLibrary {
  /**
   * Resolves with exactly the bytes of the response.
   * @throws ServiceCallError, ServiceResponseError for a response that isn't there, HostProcessError
   */
  call(call: CommandRequest): Promise<Uint8Array>;
}

/** The way to the vendor's library: in this process, or in a host process that may be started more than once. */
export interface LibraryAccess {
  /** The loaded library; another object than last time if it had to be loaded again. */
  connect(): Promise<LoadedLibrary>;
  /** Ends what runs, and rejects its calls; the next connect() starts again. Absent in this process. */
  restart?(): Promise<void>;
  /**
   * Rejects the calls in flight; the next connect() starts again. A host process is ended, in this process their
   * threads are left behind.
   */
  abandon(): Promise<void>;
  /** Rejects the calls in flight, and those that come later. */
  close(): Promise<void>;
}

/** Bound on requests and responses, the same in the addon and the host process. */
export const maximumMessage = 64 * 1024 * 1024;
