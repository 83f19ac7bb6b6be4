/** The languages in which people are told something. */
export type Language = 'zh' | 'en';
