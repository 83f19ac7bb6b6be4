export { Database } from './database/database.js';
export { PostgresJournal, type PostgresJournalOptions } from './journal/postgres-journal.js';
export { type MerchantServer, startMerchantServer } from './merchant-server.js';
export type { MerchantOptions, MerchantServerOptions } from './merchants/options.js';
export type { NewPerson, Role } from './people/person.js';
export type { NewTerminal, Right } from './terminals/terminal.js';
