import type { Place } from '../merchants/merchants.js';
import type { Desk } from './desk.js';
import { FilePeople } from './file-people.js';
import { FolderDesk } from './folder-desk.js';
import type { People } from './person.js';
import { PostgresDesk } from './postgres-desk.js';
import { PostgresPeople } from './postgres-people.js';

/** Where people are kept, and where they work. @param id Of this start of the server. */
export function officeIn(place: Place, id: string): { people: People; desk: Desk } {
  if (!('database' in place)) return { people: new FilePeople(place.folder), desk: new FolderDesk(id) };
  const { connections } = place.database;
  return { people: new PostgresPeople(connections), desk: new PostgresDesk(connections, id) };
}
