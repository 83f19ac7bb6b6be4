// Every cell of the crash matrix: npm run test:crash.
process.env.WXPAY_FACE_CRASH = 'all';
await import('./crash.test.js');
await import('./refund/crash.test.js');
