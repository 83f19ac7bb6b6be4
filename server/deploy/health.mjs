// Exits with 0 while requests should be sent here. HEALTH_URL is the address of the admin side, as configured: a container's default is this.
const url = process.env.HEALTH_URL ?? 'http://127.0.0.1:9090';
const { ok } = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(() => ({ ok: false }));
process.exit(ok ? 0 : 1);
