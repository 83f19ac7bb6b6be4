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

/** Reads a table: of the rows for a phase and an event it finds the first whose condition holds. */
export function rowFinder<
  Each extends Row,
  State extends { readonly phase: string },
  Event extends { readonly on: string },
  Policies,
>(
  rows: readonly Each[],
  guards: Guards<State, Event, Policies>,
): (state: State, event: Event, policies: Policies) => Each | undefined {
  const rowsFrom = new Map<string, Map<string, Each[]>>();
  for (const row of rows)
    for (const on of row.on) {
      const rowsOn = rowsFrom.get(row.from) ?? new Map<string, Each[]>();
      rowsFrom.set(row.from, rowsOn.set(on, [...(rowsOn.get(on) ?? []), row]));
    }
  return (state, event, policies) =>
    rowsFrom
      .get(state.phase)
      ?.get(event.on)
      ?.find(({ when }) => when === undefined || guards[when]?.(state, event, policies) === true);
}

/** With more fields. No spread, since V8 makes a new hidden class for each single object whose fields follow one: 600 bytes. */
export const extended = <T extends object, More extends object>(
  object: T,
  more: More,
): { [Name in keyof (T & More)]: (T & More)[Name] } => Object.assign({}, object, more);

export function without<T extends object, K extends keyof T>(object: T, ...names: K[]): Omit<T, K> {
  const rest = { ...object };
  for (const name of names) delete rest[name];
  return rest;
}
