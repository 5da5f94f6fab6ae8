import type { Metric, Registry } from 'prom-client';

export interface DistributionOptions {
  readonly name: string;
  readonly help: string;
  /** Upper ends, smallest first; what is above all of them counts too. */
  readonly buckets: readonly number[];
  readonly registry: Registry;
}

type Labels = { readonly [name: string]: string };

/** The values of one set of labels. */
export interface Series {
  observe(value: number): void;
}

/** A histogram whose series are handed out: prom-client's looks its labels up anew for every value, which costs ten times the counting. */
export interface Distribution {
  /** The same series for the same labels. */
  series(labels: Labels): Series;
}

/** Stands in the registry as a histogram (Prometheus, "Exposition formats"). */
export function createDistribution({ name, help, buckets, registry }: DistributionOptions): Distribution {
  const all = new Map<string, Counted>();
  const get = async () => ({
    name,
    help,
    type: 'histogram',
    values: [...all.values()].flatMap(valuesOf),
    aggregator: 'sum',
  });
  const valuesOf = ({ labels, counts, sum }: Counted) => {
    let below = 0;
    const upTo = (le: number | string, index: number) => {
      below += counts[index]!;
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: below };
    };
    return [
      ...[...buckets, '+Inf'].map(upTo),
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: below },
    ];
  };
  registry.registerMetric({ name, get } as unknown as Metric);
  return {
    series(labels) {
      const key = JSON.stringify(labels);
      const known = all.get(key) ?? new Counted(labels, buckets);
      all.set(key, known);
      return known;
    },
  };
}

class Counted implements Series {
  readonly labels: Labels;
  /** Of each bucket alone, and of what is above the last. */
  readonly counts: number[];
  sum = 0;
  readonly #buckets: readonly number[];

  constructor(labels: Labels, buckets: readonly number[]) {
    this.labels = labels;
    this.#buckets = buckets;
    this.counts = new Array<number>(buckets.length + 1).fill(0);
  }

  observe(value: number): void {
    let index = 0;
    while (index < this.#buckets.length && value > this.#buckets[index]!) index++;
    this.counts[index]!++;
    this.sum += value;
  }
}
