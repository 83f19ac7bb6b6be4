import { expect } from 'chai';
import { journalContract } from '../../lib/journal/contract.js';
import type { Journal } from '../../lib/journal/journal.js';
import { MemoryJournal } from '../../lib/journal/memory-journal.js';
import { folder, open, removeFolders } from '../support/journals.js';

const kinds: Record<string, () => Promise<Journal>> = {
  MemoryJournal: async () => new MemoryJournal(),
  FileJournal: async () => open(await folder()),
  'FileJournal with a mirror': async () => open(await folder(), { mirror: await folder() }),
};

after(removeFolders);

for (const [kind, make] of Object.entries(kinds))
  describe(kind, () => {
    for (const { name, run } of journalContract(make)) it(name, run);
  });

describe('The contract of a journal', () => {
  /** Journals that fall short, each in one thing. */
  const wrong: Record<string, (journal: MemoryJournal) => void> = {
    'takes a number twice': (journal) => {
      const create = journal.create.bind(journal);
      journal.create = (record) => create(record).catch(() => undefined);
    },
    'forgets an update': (journal) => {
      journal.put = async () => undefined;
    },
    'ignores the filter': (journal) => {
      const list = journal.list.bind(journal);
      journal.list = () => list();
    },
    'prunes what nobody acted upon': (journal) => {
      journal.prune = async () => 5;
    },
    'goes on after close()': (journal) => {
      journal.close = async () => undefined;
    },
  };
  for (const [what, spoil] of Object.entries(wrong))
    it(`notices a journal that ${what}`, async () => {
      const cases = journalContract(async () => {
        const journal = new MemoryJournal();
        spoil(journal);
        return journal;
      });
      const results = await Promise.allSettled(cases.map(({ run }) => run()));
      expect(results.map(({ status }) => status)).to.include('rejected');
    });
});
