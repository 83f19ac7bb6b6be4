import { type Translations, translated } from './translated.js';

const damages: Translations = [
  [
    /line (\d+) of its log, at byte (\d+), is not as it was written/,
    (line, byte) => `流水文件第 ${line} 行（第 ${byte} 字节处）与写入时不一致`,
  ],
  [/the last (\d+) writes are missing in its log/, (count) => `流水文件缺少最后 ${count} 次写入`],
  [/its head does not belong to its log/, () => '头文件与流水文件不是一套'],
  [/its head is older than its log, or not readable/, () => '头文件比流水文件旧，或无法读取'],
  [/its log is missing/, () => '缺少流水文件'],
  [/its head is missing/, () => '缺少头文件'],
];

/** What is wrong with a journal. */
export const damageInChinese = (reason: string): string => translated(damages, reason, () => '内容与写入时不一致');
