import parsePrometheus from 'parse-prometheus-text-format';

/** What a Prometheus would read: each sample by its name and labels. */
export function samplesOf(text: string): Record<string, number> {
  const samples: Record<string, number> = {};
  // The parser puts the histograms of one name together, whatever their labels: as plain samples they keep them.
  for (const { name, metrics } of parsePrometheus(text.replace(/^(# TYPE \w+) (?:histogram|summary)$/gm, '$1 untyped')))
    for (const { labels = {}, value } of metrics) {
      const all = Object.entries(labels).map(([label, said]) => `${label}=${said}`);
      samples[all.length === 0 ? name : `${name}{${all.sort().join(',')}}`] = Number(value);
    }
  return samples;
}
