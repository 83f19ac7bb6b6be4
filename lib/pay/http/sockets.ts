import { once } from 'node:events';
import net from 'node:net';
import { nextTurn } from '../../concurrency.js';

/** The connection below a TLS one. */
const carriers = new WeakMap<net.Socket, net.Socket>();

/**
 * Every socket of ours is born with somebody who hears its errors: one that nobody hears ends the process. TLS tells an alert
 * after the handshake without ending the connection.
 */
export function heard<Socket extends net.Socket>(socket: Socket, carrier?: net.Socket): Socket {
  if (carrier !== undefined) carriers.set(socket, carrier);
  return socket.on('error', () => socket.destroy());
}

/** A URL's host as a socket takes it. */
export const unbracketed = ({ hostname }: URL): string => (hostname.startsWith('[') ? hostname.slice(1, -1) : hostname);

/** Throws away what's on its way: a close would let it arrive a minute later (docs/facts.md#hosts-and-connections). */
export function reset(socket: net.Socket): void {
  let tcp = socket;
  // Only TCP can be reset. The way to an https:// proxy is a TLS connection itself.
  for (let next = carriers.get(tcp); next !== undefined; next = carriers.get(next)) tcp = next;
  // One that's being shut down has been heard to its end.
  if (tcp !== socket && !socket.writableEnded) {
    try {
      tcp.resetAndDestroy();
    } catch {
      // No TCP handle is there any more. What is above closes what is left: to destroy the carrier first can crash Node.js.
    }
  }
  socket.destroy();
}

/** @throws what the connection failed with, or AbortError. */
export async function openTcp(host: string, port: number, signal: AbortSignal): Promise<net.Socket> {
  const socket = heard(net.connect({ host, port, noDelay: true }));
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Gives the event loop a whole turn of reading: the first call may come before it in the turn that is going on. */
export async function readingTurn(): Promise<void> {
  await nextTurn();
  await nextTurn();
}

/**
 * Reads what has arrived already. A timer that comes late because the event loop stood still (a dialog, a printer, a machine
 * that slept) must not give up an answer that lies there.
 * @param bytesRead How much has been read so far.
 */
export async function readArrived(bytesRead: () => number): Promise<void> {
  for (let before = Number.NaN; before !== bytesRead(); ) {
    before = bytesRead();
    await readingTurn();
  }
}
