import { expect } from 'chai';
import { FaceService } from 'wxpay-face';
import { libraryArchs, testLibraryFor } from '../support/native.js';
import { skip } from '../support/skip.js';

const probes = ['puts', 'stderr', 'descriptors', 'handles', 'own_runtime', 'child', 'system'];

for (const arch of libraryArchs)
  describe(`What a library for ${arch} prints in the host process of a till of ${process.arch}`, () => {
    let face: FaceService | undefined;
    afterEach(() => face?.close());

    async function open(context: Mocha.Context): Promise<FaceService> {
      const library = testLibraryFor(arch, 'printer');
      if (library === undefined) return skip(context, `test libraries for ${arch} have not been built here`);
      face = await FaceService.open({ library, host: 'host-process' });
      return face;
    }

    for (const probe of probes)
      it(`does not reach the frames: ${probe}`, async function () {
        const service = await open(this);
        for (let i = 0; i < 3; i++)
          expect(await service.call(probe, { return_code: 'SUCCESS', i })).to.include({ return_code: 'SUCCESS', i });
      });

    it('does not reach the frames: everything at once', async function () {
      const service = await open(this);
      const answers = await Promise.all(
        probes.flatMap((probe) => [1, 2, 3].map(() => service.call(probe, { return_code: 'SUCCESS' }))),
      );
      expect(answers.map(({ return_code }) => return_code)).to.deep.equal(answers.map(() => 'SUCCESS'));
    });
  });
