export { Database } from './database/database.js';
export { PostgresJournal, type PostgresJournalOptions } from './journal/postgres-journal.js';
