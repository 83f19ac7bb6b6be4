/* What the two machines have in common: how their tables are read. */

interface Row {
  readonly from: string;
  readonly on: readonly string[];
  /** A name among the guards. */
  readonly when?: string;
}

type Guards<State, Event, Policies> = Readonly<
  Record<string, (state: State, event: Event, policies: Policies) => boolean>
>;

/** Of the rows for a phase and an event the first whose condition holds. */
export function findRow<
  Each extends Row,
  State extends { readonly phase: string },
  Event extends { readonly on: string },
  Policies,
>(
  rows: readonly Each[],
  guards: Guards<State, Event, Policies>,
  state: State,
  event: Event,
  policies: Policies,
): Each | undefined {
  return rows.find(
    ({ from, on, when }) =>
      from === state.phase &&
      on.includes(event.on) &&
      (when === undefined || guards[when]?.(state, event, policies) === true),
  );
}

export function without<T extends object, K extends keyof T>(object: T, ...names: K[]): Omit<T, K> {
  const rest = { ...object };
  for (const name of names) delete rest[name];
  return rest;
}
