/** How many records other servers may wait for here; of more they hear when they look by themselves. */
const most = 10_000;

/** Who waits for a record to go on: in this process, and on other servers. */
export class WaitingFor {
  readonly #here = new Map<string, Set<() => void>>();
  readonly #elsewhere = new Map<string, Set<string>>();

  add(key: string, listener: () => void): void {
    const listeners = this.#here.get(key) ?? new Set();
    this.#here.set(key, listeners.add(listener));
  }

  remove(key: string, listener: () => void): void {
    const listeners = this.#here.get(key);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.#here.delete(key);
  }

  /** @param server Its owner's id. */
  addServer(key: string, server: string): void {
    const servers = this.#elsewhere.get(key) ?? new Set();
    if (servers.size > 0 || this.#elsewhere.size < most) this.#elsewhere.set(key, servers.add(server));
  }

  /** Wakes those who are here. @returns The servers to be told; none wants to hear more of what has ended. */
  wake(key: string, isOver: boolean): string[] {
    for (const listener of this.#here.get(key) ?? []) listener();
    const servers = [...(this.#elsewhere.get(key) ?? [])];
    if (isOver) this.#elsewhere.delete(key);
    return servers;
  }
}
