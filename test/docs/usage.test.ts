import { join } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript';
import { root } from './pages.js';

const folder = join(root, 'test', 'types');

describe('the built declarations', () => {
  it("let a till's program compile, strictly, as it is written in test/types/usage.ts", () => {
    const { config } = ts.readConfigFile(join(folder, 'tsconfig.json'), ts.sys.readFile);
    const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, folder);
    const program = ts.createProgram(fileNames, options);
    const read = program.getSourceFiles().map(({ fileName }) => fileName);
    expect(read.filter((name) => /\/lib\/\w+\/index\.ts$/.test(name))).to.deep.equal([]);
    expect(read.filter((name) => /\/dist\/(?:index|simulator)\.d\.ts$/.test(name))).to.have.length(2);
    const problems = ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
      const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start ?? 0).line + 1;
      return `${file?.fileName}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
    expect(problems).to.deep.equal([]);
  }).timeout(60_000);
});
