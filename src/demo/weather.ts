/** The sky, from fair to foul; the order is what the numbers below index. */
const CONDITIONS = ['clear', 'partly cloudy', 'overcast', 'fog', 'drizzle', 'rain', 'thunderstorm'] as const;

type Condition = (typeof CONDITIONS)[number] | 'snow';
export type Units = 'metric' | 'imperial';

interface Place {
  readonly city: string;
  readonly country?: string;
  /** Mean temperature in °C, around which the made-up numbers lie. */
  readonly mean: number;
}

/** Cities with a country and a climate of their own; any other city gets a mean temperature from its name. */
const KNOWN: readonly Required<Place>[] = [
  { city: 'Berlin', country: 'Germany', mean: 12 },
  { city: 'Cairo', country: 'Egypt', mean: 27 },
  { city: 'Lisbon', country: 'Portugal', mean: 21 },
  { city: 'London', country: 'United Kingdom', mean: 13 },
  { city: 'Mumbai', country: 'India', mean: 29 },
  { city: 'Nairobi', country: 'Kenya', mean: 20 },
  { city: 'New York', country: 'United States', mean: 15 },
  { city: 'Oslo', country: 'Norway', mean: 5 },
  { city: 'Reykjavík', country: 'Iceland', mean: 1 },
  { city: 'São Paulo', country: 'Brazil', mean: 22 },
  { city: 'Sydney', country: 'Australia', mean: 19 },
  { city: 'Tokyo', country: 'Japan', mean: 17 },
];

/** The place a name means, or nothing when it is no city: no letter in it, or "nowhere". */
export function findPlace(name: string): Place | undefined {
  const key = keyOf(name);
  if (!/\p{L}/u.test(key) || key === 'nowhere') return undefined;
  return (
    KNOWN.find(({ city }) => keyOf(city) === key) ?? {
      city: name.trim().replace(/\s+/g, ' '),
      mean: 5 + draw(key, 'mean', 20),
    }
  );
}

/** The weather of now, as `get_weather` answers it; the same for the same city, always. */
export function currentWeather(place: Place, units: Units) {
  const { mean, ...named } = place;
  const celsius = mean + draw(named.city, 'now', 60) / 10 - 3;
  return {
    ...named,
    units,
    temperature: temperature(celsius, units),
    humidity: 35 + draw(named.city, 'humidity', 60),
    wind_speed: speed(2 + draw(named.city, 'wind', 300) / 10, units),
    condition: sky(named.city, 'sky', celsius),
  };
}

/** The coming days, tomorrow first, as `get_forecast` answers them. A longer forecast begins with the shorter one. */
export function forecast(place: Place, days: number, units: Units) {
  const { mean, ...named } = place;
  return {
    ...named,
    units,
    days: Array.from({ length: days }, (_, index) => day({ city: named.city, mean }, index + 1, units)),
  };
}

function day({ city, mean }: Place, number: number, units: Units) {
  const low = mean - 2 - draw(city, `low ${number}`, 60) / 10;
  const high = mean + 1 + draw(city, `high ${number}`, 70) / 10;
  return {
    day: number,
    low: temperature(low, units),
    high: temperature(high, units),
    chance_of_rain: 5 * draw(city, `rain ${number}`, 21),
    condition: sky(city, `sky ${number}`, high),
  };
}

/** Below freezing what would fall as rain falls as snow. */
function sky(city: string, purpose: string, celsius: number): Condition {
  const index = draw(city, purpose, CONDITIONS.length);
  return celsius < 0 && index > 3 ? 'snow' : CONDITIONS[index]!;
}

function temperature(celsius: number, units: Units): number {
  return round(units === 'metric' ? celsius : celsius * 1.8 + 32);
}

function speed(kilometres: number, units: Units): number {
  return round(units === 'metric' ? kilometres : kilometres / 1.609344);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** A number from 0 up to, not including, `limit` that city and purpose decide (FNV-1a). */
function draw(city: string, purpose: string, limit: number): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(`${keyOf(city)}/${purpose}`))
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return ((hash ^ (hash >>> 15)) >>> 0) % limit;
}

/** Case, accents and spaces around do not matter. */
function keyOf(name: string): string {
  return name.normalize('NFD').replace(/\p{M}/gu, '').trim().replace(/\s+/g, ' ').toLowerCase();
}
